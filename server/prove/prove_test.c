#include "server/prove/prove.h"

#include "server/api/honeypot.h"
#include "server/prove/inside.h"
#include "server/prove/paths.h"
#include "tests/check.h"

/* ---- the tables ------------------------------------------------------------------------------ */

TEST(checks__every_row_of_the_page_has_one_and_every_check_a_row)
{
    for (size_t i = 0; i < claim_count; i++) {
        size_t count = 0;
        check_row = claims[i].row;
        for (size_t k = 0; k < check_count; k++)
            count += strcmp(checks[k].row, claims[i].row) == 0;
        CHECK(count > 0);
    }
    for (size_t k = 0; k < check_count; k++) {
        size_t count = 0;
        check_row = checks[k].name;
        for (size_t i = 0; i < claim_count; i++)
            count += strcmp(checks[k].row, claims[i].row) == 0;
        CHECK_INT(count, 1);
    }
    check_row = NULL;
}

TEST(checks__without_a_function_is_never_kept)
{
    for (size_t k = 0; k < check_count; k++) {
        check_row = checks[k].name;
        CHECK(checks[k].verdict == NOT_HERE || checks[k].verdict == NOT_YET);
        CHECK((checks[k].run == NULL) == (checks[k].note != NULL));
    }
    check_row = NULL;
}

TEST(paths__none_is_bait)
{
    for (size_t i = 0; i < explorer_path_count; i++) {
        check_row = explorer_paths[i];
        CHECK(!honeypot_is_bait(str_from_cstr(explorer_paths[i])));
    }
    for (size_t i = 0; i < unknown_path_count; i++) {
        check_row = unknown_paths[i];
        CHECK(!honeypot_is_bait(str_from_cstr(unknown_paths[i])));
    }
    check_row = NULL;
    CHECK(honeypot_is_bait(STR("/wp-admin/prove-0123456789abcdef")));
}

/* ---- where ----------------------------------------------------------------------------------- */

TEST(target_read__table)
{
    static const struct {
        const char *url, *host, *port; /* host NULL: refused */
    } rows[] = {
        {"https://localhost:8443", "localhost", "8443"},
        {"https://localhost:8443/", "localhost", "8443"},
        {"https://ocean.example", "ocean.example", "443"},
        {"https://[::1]:8443", "::1", "8443"},
        {"https://[::1]", "::1", "443"},
        {"https://192.0.2.1:1", "192.0.2.1", "1"},
        {"http://localhost:8443", NULL, NULL},
        {"localhost:8443", NULL, NULL},
        {"https://", NULL, NULL},
        {"https://:8443", NULL, NULL},
        {"https://a:0", NULL, NULL},
        {"https://a:65536", NULL, NULL},
        {"https://a:", NULL, NULL},
        {"https://a:b", NULL, NULL},
        {"https://a/path", NULL, NULL},
        {"https://a@b", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct target t = {0};
        check_row = rows[i].url;
        enum err e = target_read(rows[i].url, &t);
        CHECK_INT(e, rows[i].host == NULL ? ERR_PEER : OK);
        if (e != OK)
            continue;
        CHECK_STR(str_from_cstr(t.host), str_from_cstr(rows[i].host));
        CHECK_STR(str_from_cstr(t.port), str_from_cstr(rows[i].port));
    }
    check_row = NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

TEST(answer_field__by_name_and_number)
{
    struct answer a = {.head = STR("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-cookie:  b=2 \r\n"
                                   "Empty:\r\n\r\n")};
    CHECK_STR(answer_field(&a, "Set-Cookie", 0), STR("a=1"));
    CHECK_STR(answer_field(&a, "set-cookie", 1), STR("b=2"));
    CHECK_INT(answer_field(&a, "Set-Cookie", 2).len, 0);
    CHECK_INT(answer_field(&a, "Empty", 0).len, 0);
    CHECK_INT(answer_field(&a, "Cookie", 0).len, 0);
}

TEST(status_field__whole_names_only)
{
    static const char status[] = "Name:\toceanremote\nNoNewPrivs:\t1\nSeccomp:\t2\n"
                                 "Seccomp_filters:\t1\n";
    CHECK_STR(status_field(status, "Seccomp"), STR("2"));
    CHECK_STR(status_field(status, "NoNewPrivs"), STR("1"));
    CHECK_INT(status_field(status, "Privs").len, 0);
    CHECK_INT(status_field("", "Name").len, 0);
}

TEST(settings_row__by_name__and_what_is_new_is_p3)
{
    CHECK_STR(str_from_cstr(settings_row("limits.login_per_min")), STR("S2"));
    CHECK_STR(str_from_cstr(settings_row("limits.device_per_day")), STR("D8"));
    CHECK_STR(str_from_cstr(settings_row("tls.legacy_devices")), STR("S1"));
    CHECK_STR(str_from_cstr(settings_row("something.new")), STR("P3"));
}

/* ---- verdicts -------------------------------------------------------------------------------- */

TEST(row_verdict__the_worst_that_was_found)
{
    static struct prove p;
    for (size_t i = 0; i < check_count; i++)
        p.findings[i].verdict = NOT_YET;
    size_t first = 0;
    while (strcmp(checks[first].row, "S4") != 0)
        first++;
    CHECK_INT(prove_row_verdict(&p, "S4"), NOT_YET);
    p.findings[first].verdict = NOT_HERE;
    CHECK_INT(prove_row_verdict(&p, "S4"), NOT_HERE);
    kept(&p.findings[first], "a \x1b[31m%s", "b");
    CHECK_STR(str_from_cstr(p.findings[first].text), STR("a ?[31mb"));
    CHECK_INT(prove_row_verdict(&p, "S4"), PARTLY);
    for (size_t i = 0; i < check_count; i++)
        p.findings[i].verdict = KEPT;
    CHECK_INT(prove_row_verdict(&p, "S4"), KEPT);
    broken(&p.findings[first + 1], "c");
    CHECK_INT(prove_row_verdict(&p, "S4"), BROKEN);
    CHECK_INT(prove_count(&p, BROKEN), 1);
}

TESTS(prove, TEST_ROW(checks__every_row_of_the_page_has_one_and_every_check_a_row),
      TEST_ROW(checks__without_a_function_is_never_kept), TEST_ROW(paths__none_is_bait),
      TEST_ROW(target_read__table), TEST_ROW(answer_field__by_name_and_number),
      TEST_ROW(status_field__whole_names_only),
      TEST_ROW(settings_row__by_name__and_what_is_new_is_p3),
      TEST_ROW(row_verdict__the_worst_that_was_found))
