#include "server/edge/http1.h"

#include "tests/fuzz.h"

static enum err read_head(struct str bytes, size_t step, size_t *head_len)
{
    struct http1_refusal why;
    size_t seen = 0;
    enum err e = ERR_AGAIN;
    for (size_t len = step < bytes.len ? step : bytes.len; e == ERR_AGAIN; len += step) {
        e = http1_head_end(str_slice(bytes, 0, len), &seen, head_len, &why);
        if (len >= bytes.len)
            break;
    }
    return e;
}

/* What has passed has no byte that anybody behind us could read as an end of something. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] >= 0x7F)
            return false;
    }
    return true;
}

static void check_request(const struct http1_request *r)
{
    FUZZ_CHECK(r->method >= METHOD_GET && r->method <= METHOD_OPTIONS);
    FUZZ_CHECK(str_starts(r->path, STR("/")) && r->target.len <= TARGET_SIZE_MAX);
    FUZZ_CHECK(str_find(r->path, '%') == r->path.len && str_find(r->path, '?') == r->path.len);
    FUZZ_CHECK(str_find(r->target, ' ') == r->target.len && is_plain(r->target));
    FUZZ_CHECK(r->field[FIELD_HOST].len > 0);
    FUZZ_CHECK(r->content_length <= BODY_SIZE_MAX);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        FUZZ_CHECK(r->field[i].len <= FRAME_FIELD_MAX && is_plain(r->field[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_from(data, size);
    struct http1_request r;
    struct http1_refusal why = {0};
    size_t whole_len = 0, pieces_len = 0;
    enum err whole = read_head(bytes, size + 1, &whole_len);
    enum err pieces = read_head(bytes, 7, &pieces_len);
    FUZZ_CHECK(whole == pieces && whole_len == pieces_len);
    if (whole != OK)
        return 0;
    FUZZ_CHECK(whole_len <= size && whole_len <= HEAD_SIZE_MAX);
    enum err e = http1_parse(str_slice(bytes, 0, whole_len), &r, &why);
    FUZZ_CHECK(e == OK || (e == ERR_PEER && why.status >= 400 && why.why != NULL));
    if (e == OK)
        check_request(&r);
    return 0;
}
