/* All shared tests as one bare-metal program.
 *
 * Owns:     the counters.
 * Promise:  its last line is `N passed, N failed` and its exit code says the same.
 * Source:   tests/check.h.
 * Watch:    a test is passed or failed as a whole, as on the host. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/assert.h"
#include "tests/check.h"

const char *check_row;

static unsigned passed;
static unsigned failed;
static unsigned failures_in_test;

_Noreturn void assert_failed(const char *expr, const char *file, int line)
{
    printf("%s:%d: assertion failed: %s\n", file, line, expr);
    exit(1);
}

void check_failed(const char *file, int line, const char *what)
{
    printf("%s:%d: %s%s%s\n", file, line, what,
           check_row == NULL ? "" : ", row: ", check_row == NULL ? "" : check_row);
    failures_in_test++;
}

void check_run(const char *group, const struct check_test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        failures_in_test = 0;
        tests[i].run();
        if (failures_in_test == 0) {
            passed++;
        } else {
            failed++;
            printf("FAILED %s: %s\n", group, tests[i].name);
        }
    }
}

#define GROUP(name) void name##_tests(void);
#include "tests/device32/groups.h"
#undef GROUP

int main(void)
{
#define GROUP(name) name##_tests();
#include "tests/device32/groups.h"
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
