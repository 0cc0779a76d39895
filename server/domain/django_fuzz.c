#include "server/domain/django.h"

#include "tests/fuzz.h"

static void read_all(struct str text, enum django_format format)
{
    static struct django_file f;
    struct django_user u;
    enum err e = django_open(&f, text, format, STR("auth.user"));
    FUZZ_CHECK(e == OK || e == ERR_PEER);
    while (e == OK) {
        e = django_next(&f, &u);
        if (e != OK)
            break;
        FUZZ_CHECK(str_is_utf8(u.email) && str_is_utf8(u.username) && str_is_utf8(u.password));
        FUZZ_CHECK(u.joined_at_ms >= 0);
    }
    FUZZ_CHECK(e == ERR_PEER || e == ERR_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from(data, size);
    read_all(text, DJANGO_GUESS);
    read_all(text, DJANGO_JSON);
    read_all(text, DJANGO_CSV);
    (void)django_time(text);
    return 0;
}
