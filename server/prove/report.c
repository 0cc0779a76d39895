/* What was found, for people and for programs.
 *
 * Owns:     nothing.
 * Promise:  rows in the order of the page, 100 columns wide at most; the JSON says the same.
 * Source:   docs/PROVE.md.
 * Watch:    findings are printable ASCII, so bytes are columns. */
#include <string.h>

#include "common/wire/json.h"
#include "server/prove/prove.h"

#define COLUMNS     100
#define NAME_COLUMN 20
#define JSON_MAX    (128 * 1024)

const char *verdict_words(enum verdict v)
{
    switch (v) {
    case KEPT: return "kept";
    case BROKEN: return "BROKEN";
    case NOT_HERE: return "not checked here";
    case NOT_YET: return "not yet";
    case PARTLY: return "kept in part";
    }
    return "";
}

size_t prove_count(const struct prove *p, enum verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < check_count; i++)
        count += prove_wants(p, checks[i].row) && p->findings[i].verdict == verdict;
    return count;
}

/* Broken by one, kept only by all. */
enum verdict prove_row_verdict(const struct prove *p, const char *row)
{
    size_t seen[VERDICT_COUNT] = {0};
    for (size_t i = 0; i < check_count; i++)
        seen[p->findings[i].verdict] += strcmp(checks[i].row, row) == 0;
    if (seen[BROKEN] > 0)
        return BROKEN;
    if (seen[KEPT] > 0)
        return seen[NOT_HERE] + seen[NOT_YET] > 0 ? PARTLY : KEPT;
    return seen[NOT_HERE] > 0 ? NOT_HERE : NOT_YET;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Words from column `at` on, broken before the last column. */
static void print_wrapped(FILE *out, const char *text, size_t at)
{
    size_t column = at;
    while (*text != 0) {
        size_t word = strcspn(text, " ");
        if (column > at && column + 1 + word > COLUMNS) {
            fprintf(out, "\n%*s", (int)at, "");
            column = at;
        } else if (column > at) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)word, text);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_check(FILE *out, const struct check *c, const struct finding *f)
{
    char line[FINDING_MAX + 128];
    snprintf(line, sizeof line, "%s%s%s", c->name, f->text[0] == 0 ? "" : ": ", f->text);
    fprintf(out, "  %-*s", NAME_COLUMN - 2, verdict_words(f->verdict));
    print_wrapped(out, line, NAME_COLUMN);
}

void prove_report_text(const struct prove *p, FILE *out)
{
    for (size_t i = 0; i < claim_count; i++) {
        enum verdict v = prove_row_verdict(p, claims[i].row);
        char heading[256];
        if (!prove_wants(p, claims[i].row))
            continue;
        snprintf(heading, sizeof heading, "%s [%s]", claims[i].text, verdict_words(v));
        fprintf(out, "\n%-8s", claims[i].row);
        print_wrapped(out, heading, 8);
        for (size_t k = 0; k < check_count; k++) {
            if (strcmp(checks[k].row, claims[i].row) == 0)
                print_check(out, &checks[k], &p->findings[k]);
        }
    }
    fprintf(out, "\n%zu kept, %zu BROKEN, %zu not checked here, %zu not yet\n",
            prove_count(p, KEPT), prove_count(p, BROKEN), prove_count(p, NOT_HERE),
            prove_count(p, NOT_YET));
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static const char *verdict_word(enum verdict v)
{
    switch (v) {
    case KEPT: return "kept";
    case BROKEN: return "broken";
    case NOT_HERE: return "not_checked_here";
    case NOT_YET: return "not_yet";
    case PARTLY: return "kept_in_part";
    }
    return "";
}

static void name_cstr(struct json_out *o, const char *name, const char *text)
{
    json_out_name_string(o, str_from_cstr(name), str_from_cstr(text));
}

static void write_row(struct json_out *o, const struct prove *p, const struct claim *claim)
{
    json_out_object(o);
    name_cstr(o, "row", claim->row);
    name_cstr(o, "claim", claim->text);
    name_cstr(o, "result", verdict_word(prove_row_verdict(p, claim->row)));
    json_out_name(o, STR("checks"));
    json_out_array(o);
    for (size_t i = 0; i < check_count; i++) {
        if (strcmp(checks[i].row, claim->row) != 0)
            continue;
        json_out_object(o);
        name_cstr(o, "check", checks[i].name);
        name_cstr(o, "result", verdict_word(p->findings[i].verdict));
        name_cstr(o, "detail", p->findings[i].text);
        json_out_object_end(o);
    }
    json_out_array_end(o);
    json_out_object_end(o);
}

enum err prove_report_json(const struct prove *p, FILE *out)
{
    static uint8_t room[JSON_MAX];
    struct writer w = writer_into(room, sizeof room);
    struct json_out o = json_into(&w);
    struct str text;
    json_out_object(&o);
    name_cstr(&o, "host", p->target.host);
    name_cstr(&o, "port", p->target.port);
    json_out_name_bool(&o, STR("inside"), p->inside.is_there);
    for (int v = 0; v < VERDICT_COUNT; v++)
        json_out_name_int(&o, str_from_cstr(verdict_word((enum verdict)v)),
                          (int64_t)prove_count(p, (enum verdict)v));
    json_out_name(&o, STR("rows"));
    json_out_array(&o);
    for (size_t i = 0; i < claim_count; i++) {
        if (prove_wants(p, claims[i].row))
            write_row(&o, p, &claims[i]);
    }
    json_out_array_end(&o);
    json_out_object_end(&o);
    TRY(writer_end(&w, &text));
    fprintf(out, "%.*s\n", STR_ARGS(text));
    return OK;
}
