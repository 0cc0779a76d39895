#include "server/domain/django.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

#define USER(fields) "{\"model\":\"auth.user\",\"pk\":1,\"fields\":{" fields "}}"
#define ADA          "\"email\":\"ada@example.org\",\"username\":\"ada\",\"password\":\"p\""

static struct django_file file;

/* "email/username/password +s-t… time|" of each user; the last failure after "!". */
static struct str show(struct str text, enum django_format format, char out[static 600])
{
    struct django_user u;
    size_t len = 0;
    enum err e = django_open(&file, text, format, STR("auth.user"));
    while (e == OK && (e = django_next(&file, &u)) == OK && len < 400)
        len += (size_t)snprintf(
            out + len, 600 - len, "%.*s/%.*s/%.*s %c%c%c %lld|", (int)u.email.len,
            u.email.len == 0 ? "" : (const char *)u.email.ptr, (int)u.username.len,
            u.username.len == 0 ? "" : (const char *)u.username.ptr, (int)u.password.len,
            u.password.len == 0 ? "" : (const char *)u.password.ptr, u.is_active ? 'a' : '-',
            u.is_superuser ? 's' : '-', u.is_staff ? 't' : '-', (long long)u.joined_at_ms);
    if (e == ERR_PEER || e == ERR_LIMIT)
        len += (size_t)snprintf(out + len, 600 - len, "!%u", file.place);
    return str_from(out, len);
}

static const struct {
    const char *text, *expected;
} rows[] = {
    {"[]", ""},
    {" [ ] ", ""},
    {"[" USER(ADA) "]", "ada@example.org/ada/p a-- 0|"},
    {"\xEF\xBB\xBF[" USER(ADA) "]", "ada@example.org/ada/p a-- 0|"},
    {"[" USER(ADA ",\"is_active\":false,\"is_superuser\":true,\"is_staff\":true,\"date_joined\":"
                  "\"2021-03-04T05:06:07.089Z\"") "]",
     "ada@example.org/ada/p -st 1614834367000|"},
    {"[" USER("\"email\":null,\"username\":\"a\\u00e9\\\"b\",\"password\":\"\"") "]",
     "/a\xC3\xA9\"b/ a-- 0|"},
    {"[" USER(ADA ",\"groups\":[[1,[2]],{\"a\":{}}]") "," USER(ADA) "]",
     "ada@example.org/ada/p a-- 0|ada@example.org/ada/p a-- 0|"},
    {"[{\"model\":\"sessions.session\",\"pk\":\"x\",\"fields\":{\"email\":5}}," USER(ADA) "]",
     "ada@example.org/ada/p a-- 0|"},
    {"[{\"fields\":{" ADA "},\"model\":\"auth.user\"}]", "ada@example.org/ada/p a-- 0|"},
    {"[" USER("\"email\":5") "]", "!1"},
    {"[" USER(ADA) "," USER("\"is_active\":1") "]", "ada@example.org/ada/p a-- 0|!2"},
    {"[" USER(ADA) ",5]", "ada@example.org/ada/p a-- 0|!2"},
    {"[" USER(ADA) "] x", "ada@example.org/ada/p a-- 0|!1"},
    {"[" USER(ADA), "ada@example.org/ada/p a-- 0|!1"},
    {"[", "!1"},
    {"{}", "!0"},
    /* CSV */
    {"email,password\n", ""},
    {"email,password\na@b,p\n\nc@d,q\n", "a@b//p a-- 0|c@d//q a-- 0|"},
    {"Password , USERNAME,x\np,u,1\n", "/u/p a-- 0|"},
    {"email,password,is_active,is_superuser,is_staff,date_joined\r\n"
     "a@b,\"p,\"\"q\",f,t,1,2021-03-04 05:06:07.089+00:00\r\n",
     "a@b//p,\"q -st 1614834367000|"},
    {"email,password,is_active\na@b,p,\n", "a@b//p a-- 0|"},
    {"email,password,is_active\na@b,p,maybe\n", "!2"},
    {"email,password\na@b\n", "!2"},
    {"email,password\na@b,p,q\n", "!2"},
    {"email,password\na@b,\"p\n", "!2"},
    {"email,name\na@b,p\n", "!0"},
    {"password\np\n", "!0"},
    {"", "!0"},
    {"email,password\n\xFF,p\n", "!0"},
};

TEST(files__table)
{
    char out[600];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].text;
        CHECK_STR(show(check_exact(str_from_cstr(rows[i].text)), DJANGO_GUESS, out),
                  str_from_cstr(rows[i].expected));
    }
    check_row = NULL;
}

TEST(truncated_at_every_byte__is_no_whole_dump)
{
    char out[600];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str text = str_from_cstr(rows[i].text);
        for (size_t len = 0; len < text.len; len++) {
            (void)show(check_exact(str_slice(text, 0, len)), DJANGO_CSV, out);
            struct str got = show(check_exact(str_slice(text, 0, len)), DJANGO_JSON, out);
            if (text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
                CHECK(str_find(got, '!') < got.len);
        }
    }
}

TEST(as_many_as_may_be__and_one_more)
{
    static const char one[] = "a@b,p\n";
    size_t size = 20 + (DJANGO_USERS_MAX + 1) * strlen(one);
    char *text = malloc(size), *at = text;
    struct django_user u;
    at += sprintf(at, "email,password\n");
    for (unsigned i = 0; i <= DJANGO_USERS_MAX; i++)
        at += sprintf(at, "%s", one);
    CHECK_INT(django_open(&file, str_from(text, (size_t)(at - text)), DJANGO_GUESS, STR("m")), OK);
    for (unsigned i = 0; i < DJANGO_USERS_MAX; i++)
        CHECK_INT(django_next(&file, &u), OK);
    CHECK_INT(django_next(&file, &u), ERR_LIMIT);
    CHECK(file.why != NULL && file.place == DJANGO_USERS_MAX + 2);
    free(text);
}

TEST(times__table)
{
    static const struct {
        const char *text;
        int64_t expected;
    } times[] = {
        {"1970-01-01T00:00:01Z", 1000},
        {"2000-02-29T12:00:00Z", 951825600000},
        {"2021-03-04T05:06:07Z", 1614834367000},
        {"2021-03-04T05:06:07.089Z", 1614834367000},
        {"2021-03-04 05:06:07.123456", 1614834367000},
        {"2021-03-04 05:06:07+02", 1614827167000},
        {"2021-03-04 05:06:07+02:00", 1614827167000},
        {"2021-03-04 05:06:07-0330", 1614846967000},
        {"2200-12-31T23:59:60Z", 7289654400000},
        {"", 0},
        {"2021-03-04", 0},
        {"2021-03-04T05:06", 0},
        {"2021-13-04T05:06:07Z", 0},
        {"2021-03-04T25:06:07Z", 0},
        {"2021-03-04T05:06:07X", 0},
        {"2021-03-04T05:06:07+2", 0},
        {"2021-03-04T05:06:07+02:00x", 0},
        {"1969-12-31T23:59:59Z", 0},
        {"9999-01-01T00:00:00Z", 0},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        check_row = times[i].text;
        CHECK_INT(django_time(check_exact(str_from_cstr(times[i].text))), times[i].expected);
    }
    check_row = NULL;
}

TESTS(django, TEST_ROW(files__table), TEST_ROW(truncated_at_every_byte__is_no_whole_dump),
      TEST_ROW(as_many_as_may_be__and_one_more), TEST_ROW(times__table))
