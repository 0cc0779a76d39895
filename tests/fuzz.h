/* What every fuzz target needs besides its one function.
 *
 * Owns:     nothing.
 * Promise:  an assertion of ours that breaks is a crash, so the fuzzer keeps the input.
 * Source:   https://llvm.org/docs/LibFuzzer.html, "Fuzz target".
 * Watch:    FUZZ_CHECK states what must hold for every input, whatever it is. */
#ifndef OC_TESTS_FUZZ_H
#define OC_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void assert_failed(const char *expr, const char *file, int line);
_Noreturn void assert_failed(const char *expr, const char *file, int line)
{
    (void)expr, (void)file, (void)line;
    abort();
}

#define FUZZ_CHECK(expr) ((expr) ? (void)0 : abort())

#endif
