/* One test file, two places: a cmocka program on the host, one list of checks on bare metal.
 *
 * Owns:     nothing; on bare metal the counters of tests/device32/main.c.
 * Promise:  the vectors that pin the server are the very ones that pin the chip.
 * Source:   WireGuard's selftest folder, which runs its tables inside the kernel.
 * Watch:    a failed check ends its test on the host; on bare metal there is no longjmp worth its
 *           bytes, so the test goes on and the failure is counted. */
#ifndef OC_TESTS_CHECK_H
#define OC_TESTS_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/str.h"

/* The row of a table under test, shown when a check fails; NULL for none. */
extern const char *check_row;

#ifdef CHECK_BARE_METAL

struct check_test {
    const char *name;
    void (*run)(void);
};

void check_failed(const char *file, int line, const char *what);
void check_run(const char *group, const struct check_test *tests, size_t count);

#define TEST(name) static void name(void)
#define TEST_ROW(name)                                                                             \
    {                                                                                              \
#name, name                                                                                \
    }
#define TESTS(group, ...)                                                                          \
    void group##_tests(void);                                                                      \
    void group##_tests(void)                                                                       \
    {                                                                                              \
        static const struct check_test tests[] = {__VA_ARGS__};                                    \
        check_run(#group, tests, sizeof tests / sizeof *tests);                                    \
    }

#else

#include <setjmp.h>
/* cmocka.h wants the four above and <setjmp.h> before it. */
#include <cmocka.h>

const char *check_row;

static inline void check_failed(const char *file, int line, const char *what)
{
    print_error("%s%s%s\n", what,
                check_row == NULL ? "" : ", row: ", check_row == NULL ? "" : check_row);
    _fail(file, line);
}

/* Whatever the code under test asserts fails the test instead of ending the program. */
_Noreturn void assert_failed(const char *expr, const char *file, int line);
_Noreturn void assert_failed(const char *expr, const char *file, int line)
{
    mock_assert(0, expr, file, line);
    __builtin_unreachable();
}

#define TEST(name)     static void name(void **state_ __attribute__((unused)))
#define TEST_ROW(name) cmocka_unit_test(name)
#define TESTS(group, ...)                                                                          \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct CMUnitTest tests[] = {__VA_ARGS__};                                    \
        return cmocka_run_group_tests_name(#group, tests, NULL, NULL);                             \
    }

#endif

#define CHECK(expr) ((expr) ? (void)0 : check_failed(__FILE__, __LINE__, #expr))

static inline void check_int(const char *file, int line, const char *what, int64_t got,
                             int64_t expected)
{
    char text[160];
    if (got == expected)
        return;
    snprintf(text, sizeof text, "%.80s is %lld, not %lld", what, (long long)got,
             (long long)expected);
    check_failed(file, line, text);
}

static inline void check_str(const char *file, int line, const char *what, struct str got,
                             struct str expected)
{
    char text[400];
    if (str_eq(got, expected))
        return;
    snprintf(text, sizeof text, "%.80s is \"%.*s\", not \"%.*s\"", what,
             got.len < 120 ? (int)got.len : 120, got.len == 0 ? "" : (const char *)got.ptr,
             expected.len < 120 ? (int)expected.len : 120,
             expected.len == 0 ? "" : (const char *)expected.ptr);
    check_failed(file, line, text);
}

#define CHECK_INT(got, expected)                                                                   \
    check_int(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(expected))
#define CHECK_STR(got, expected) check_str(__FILE__, __LINE__, #got, got, expected)

/* The same bytes at the very end of a block of their own, so that reading one too many is seen by
 * the sanitizer. */
static inline struct str check_exact(struct str s)
{
    static uint8_t room[66000];
    if (s.len == 0)
        return (struct str){room + sizeof room, 0};
    if (s.len > sizeof room)
        return s;
    memmove(room + sizeof room - s.len, s.ptr, s.len);
    return (struct str){room + sizeof room - s.len, s.len};
}

#endif
