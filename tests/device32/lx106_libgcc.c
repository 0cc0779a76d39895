/* The arithmetic that GCC calls and Debian's libgcc for lx106 lacks: on the ESP8266 it is in ROM.
 *
 * Owns:     nothing.
 * Promise:  right for every argument; slow (one bit a turn), which only the tests feel.
 * Source:   GCC internals, "Routines for integer division" for the names.
 * Watch:    no division, remainder or 64-bit product may be written in here: it would call itself.
 */
#include <stdint.h>

uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
int32_t __modsi3(int32_t a, int32_t b);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int64_t __divdi3(int64_t a, int64_t b);
int64_t __moddi3(int64_t a, int64_t b);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __umulsidi3(uint32_t a, uint32_t b);

/* Schoolbook division, one bit a turn. */
static uint64_t divide(uint64_t a, uint64_t b, uint64_t *rest)
{
    uint64_t quotient = 0;
    uint64_t left = 0;
    for (int i = 0; i < 64; i++) {
        int carry = (int)(left >> 63);
        left = left << 1 | a >> 63;
        a <<= 1;
        quotient <<= 1;
        if (carry || left >= b) {
            left -= b;
            quotient |= 1;
        }
    }
    *rest = left;
    return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b)
{
    uint64_t rest;
    return divide(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b)
{
    uint64_t rest;
    divide(a, b, &rest);
    return rest;
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

int64_t __divdi3(int64_t a, int64_t b)
{
    uint64_t quotient = __udivdi3(magnitude(a), magnitude(b));
    return (int64_t)((a < 0) != (b < 0) ? 0 - quotient : quotient);
}

int64_t __moddi3(int64_t a, int64_t b)
{
    uint64_t rest = __umoddi3(magnitude(a), magnitude(b));
    return (int64_t)(a < 0 ? 0 - rest : rest);
}

uint32_t __udivsi3(uint32_t a, uint32_t b)
{
    return (uint32_t)__udivdi3(a, b);
}

uint32_t __umodsi3(uint32_t a, uint32_t b)
{
    return (uint32_t)__umoddi3(a, b);
}

int32_t __divsi3(int32_t a, int32_t b)
{
    return (int32_t)__divdi3(a, b);
}

int32_t __modsi3(int32_t a, int32_t b)
{
    return (int32_t)__moddi3(a, b);
}

/* Four products of 16 bits: the core multiplies 32 by 32 into 32. */
uint64_t __umulsidi3(uint32_t a, uint32_t b)
{
    uint32_t low = (a & 0xFFFF) * (b & 0xFFFF);
    uint32_t middle = (a >> 16) * (b & 0xFFFF) + (low >> 16);
    uint32_t cross = (a & 0xFFFF) * (b >> 16) + (middle & 0xFFFF);
    uint32_t high = (a >> 16) * (b >> 16) + (middle >> 16) + (cross >> 16);
    return (uint64_t)high << 32 | (cross << 16 | (low & 0xFFFF));
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    uint32_t a_high = (uint32_t)(a >> 32);
    uint32_t b_high = (uint32_t)(b >> 32);
    uint32_t cross = a_high * (uint32_t)b + (uint32_t)a * b_high;
    return __umulsidi3((uint32_t)a, (uint32_t)b) + ((uint64_t)cross << 32);
}
