#include "common/wire/csv.h"

#include <string.h>

struct csv csv_of(struct str text, uint8_t *scratch, size_t scratch_size)
{
    return (struct csv){.at = text.ptr,
                        .end = text.len == 0 ? text.ptr : text.ptr + text.len,
                        .scratch = scratch,
                        .scratch_size = scratch_size,
                        .next_line = 1};
}

static size_t left(const struct csv *c)
{
    return (size_t)(c->end - c->at);
}

static struct str fail(struct csv *c)
{
    c->failed = true;
    return STR_NONE;
}

static bool at_end_of_field(const struct csv *c)
{
    return c->at == c->end || *c->at == ',' || *c->at == '\n' ||
           (*c->at == '\r' && left(c) > 1 && c->at[1] == '\n');
}

static struct str plain_field(struct csv *c)
{
    const uint8_t *from = c->at;
    while (!at_end_of_field(c)) {
        if (*c->at == '"' || *c->at == '\r')
            return fail(c);
        c->at++;
    }
    return str_from(from, (size_t)(c->at - from));
}

/* A quote that is doubled stands for itself: from there on the field is put together in scratch. */
static bool keep(struct csv *c, const uint8_t *from, size_t len)
{
    if (len > c->scratch_size - c->scratch_used)
        return false;
    memcpy(c->scratch + c->scratch_used, from, len);
    c->scratch_used += len;
    return true;
}

/* Up to the quote that is no part of the field; the opening one is behind us. */
static struct str quoted_field(struct csv *c)
{
    const uint8_t *from = c->at;
    size_t begun = c->scratch_used;
    while (c->at < c->end) {
        uint8_t byte = *c->at++;
        c->next_line += byte == '\n';
        if (byte != '"')
            continue;
        bool is_doubled = c->at < c->end && *c->at == '"';
        size_t len = (size_t)(c->at - from) - !is_doubled;
        if (!is_doubled && c->scratch_used == begun)
            return at_end_of_field(c) ? str_from(from, len) : fail(c);
        if (!keep(c, from, len))
            return fail(c);
        if (!is_doubled)
            return at_end_of_field(c) ? str_from(c->scratch + begun, c->scratch_used - begun)
                                      : fail(c);
        from = ++c->at;
    }
    return fail(c);
}

static struct str field(struct csv *c)
{
    if (c->at == c->end || *c->at != '"')
        return plain_field(c);
    c->at++;
    return quoted_field(c);
}

/* Past a comma: true. Past the end of the record, or at that of the text: false. */
static bool another_field(struct csv *c)
{
    if (c->at == c->end)
        return false;
    uint8_t byte = *c->at++;
    if (byte == ',')
        return true;
    c->at += byte == '\r';
    c->next_line++;
    return false;
}

bool csv_record(struct csv *c, struct str *fields, size_t max, size_t *count)
{
    bool more = true;
    *count = 0;
    c->line = c->next_line;
    c->scratch_used = 0;
    if (c->failed || c->at == c->end)
        return false;
    while (more && !c->failed) {
        if (*count == max) {
            c->failed = true;
            break;
        }
        fields[(*count)++] = field(c);
        more = !c->failed && another_field(c);
    }
    return !c->failed;
}

enum err csv_end(const struct csv *c)
{
    return !c->failed && c->at == c->end ? OK : ERR_PEER;
}
