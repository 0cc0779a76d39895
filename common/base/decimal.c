#include "common/base/decimal.h"

#include "common/base/assert.h"

/* 10^n, exact in int64. */
static const int64_t powers[DECIMAL_DIGITS_MAX + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

/* Exponents saturate here while they are read: far beyond the range, far from overflow. */
#define EXPONENT_FAR 1000000

/* A number on its way in. Leading zeros do not count as digits; digits beyond the kept ones are
 * dropped and remembered by `round_up` (the first of them is 5 or more). */
struct scan {
    int64_t mantissa; /* never negative here; the sign comes at the end */
    int32_t exponent;
    uint32_t digits;
    bool round_up;
};

static void scan_significant(struct scan *s, uint8_t digit, bool in_fraction)
{
    if (s->digits < DECIMAL_DIGITS_MAX) {
        s->mantissa = s->mantissa * 10 + digit;
        s->digits += s->mantissa != 0;
        s->exponent -= in_fraction;
        return;
    }
    if (s->digits == DECIMAL_DIGITS_MAX)
        s->round_up = digit >= 5;
    if (s->digits <= DECIMAL_DIGITS_MAX)
        s->digits++;
    if (!in_fraction && s->exponent < EXPONENT_FAR)
        s->exponent++;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Digits at text[*at], one at least. */
static bool scan_digits(struct scan *s, struct str text, size_t *at, bool in_fraction)
{
    size_t start = *at;
    for (; *at < text.len && is_digit(text.ptr[*at]); (*at)++)
        scan_significant(s, (uint8_t)(text.ptr[*at] - '0'), in_fraction);
    return *at > start;
}

static bool scan_exponent(struct str text, size_t *at, int32_t *out)
{
    bool negative = *at < text.len && text.ptr[*at] == '-';
    if (*at < text.len && (text.ptr[*at] == '-' || text.ptr[*at] == '+'))
        (*at)++;
    size_t start = *at;
    int32_t value = 0;
    for (; *at < text.len && is_digit(text.ptr[*at]); (*at)++) {
        if (value < EXPONENT_FAR)
            value = value * 10 + (text.ptr[*at] - '0');
    }
    *out = negative ? -value : value;
    return *at > start;
}

/* RFC 8259 section 6: no leading zero but "0" itself, no lone point, no plus sign. */
static enum err scan_number(struct str text, struct scan *s, bool *negative)
{
    size_t at = 0;
    *negative = text.len > 0 && text.ptr[0] == '-';
    at += *negative;
    size_t first = at;
    if (!scan_digits(s, text, &at, false) || (text.ptr[first] == '0' && at - first > 1))
        return ERR_PEER;
    if (at < text.len && text.ptr[at] == '.') {
        at++;
        if (!scan_digits(s, text, &at, true))
            return ERR_PEER;
    }
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        int32_t exponent;
        if (!scan_exponent(text, &at, &exponent))
            return ERR_PEER;
        s->exponent += exponent;
    }
    return at == text.len ? OK : ERR_PEER;
}

/* value / 10^n, half away from zero. */
static int64_t divide_rounded(int64_t value, uint32_t n)
{
    if (n > DECIMAL_DIGITS_MAX)
        return 0;
    int64_t rest = value % powers[n];
    return value / powers[n] + (n > 0 && rest >= powers[n] / 2);
}

/* Zeros at the end of a fraction say nothing. Then bring the exponent into its range, trading it
 * for digits where there is room. */
static enum err scan_fit(struct scan *s)
{
    if (s->mantissa == 0)
        s->exponent = 0;
    for (; s->exponent < 0 && s->mantissa % 10 == 0; s->exponent++)
        s->mantissa /= 10;
    for (; s->exponent > DECIMAL_EXPONENT_MAX; s->exponent--) {
        if (s->mantissa >= powers[DECIMAL_DIGITS_MAX - 1])
            return ERR_PEER;
        s->mantissa *= 10;
    }
    if (s->exponent < DECIMAL_EXPONENT_MIN) {
        s->mantissa = divide_rounded(s->mantissa, (uint32_t)(DECIMAL_EXPONENT_MIN - s->exponent));
        s->exponent = s->mantissa == 0 ? 0 : DECIMAL_EXPONENT_MIN;
    }
    return OK;
}

enum err decimal_read(struct str text, struct decimal *out)
{
    struct scan s = {0};
    bool negative;
    TRY(scan_number(text, &s, &negative));
    s.mantissa += s.round_up;
    if (s.mantissa == powers[DECIMAL_DIGITS_MAX]) {
        s.mantissa /= 10;
        s.exponent++;
    }
    TRY(scan_fit(&s));
    out->mantissa = negative ? -s.mantissa : s.mantissa;
    out->exponent = (int8_t)s.exponent;
    return OK;
}

static void write_repeated(struct writer *w, char c, int32_t count)
{
    for (; count > 0; count--)
        writer_u8(w, (uint8_t)c);
}

/* digits[len] * 10^exponent without an exponent. */
static void write_plain(struct writer *w, const char *digits, int32_t len, int32_t exponent)
{
    int32_t before = len + exponent; /* digits before the point */
    if (exponent >= 0) {
        writer_bytes(w, digits, (size_t)len);
        write_repeated(w, '0', exponent);
    } else if (before > 0) {
        writer_bytes(w, digits, (size_t)before);
        writer_u8(w, '.');
        writer_bytes(w, digits + before, (size_t)-exponent);
    } else {
        writer_bytes(w, "0.", 2);
        write_repeated(w, '0', -before);
        writer_bytes(w, digits, (size_t)len);
    }
}

void decimal_write(struct writer *w, struct decimal d)
{
    char digits[20]; /* 2^63 has 19 */
    int32_t len = 0;
    int32_t exponent = d.mantissa == 0 ? 0 : d.exponent;
    /* Negate as unsigned: the smallest int64 has no positive twin. */
    uint64_t left = d.mantissa < 0 ? 0 - (uint64_t)d.mantissa : (uint64_t)d.mantissa;
    while (left != 0 && left % 10 == 0) {
        left /= 10;
        exponent++;
    }
    do {
        digits[sizeof digits - (size_t)++len] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    const char *first = digits + sizeof digits - len;
    if (d.mantissa < 0)
        writer_u8(w, '-');
    /* 1e-9 has a point position of -8, 1e18 one of 19. */
    if (len + exponent >= -8 && len + exponent <= 19) {
        write_plain(w, first, len, exponent);
        return;
    }
    writer_bytes(w, first, (size_t)len);
    writer_u8(w, 'e');
    writer_decimal(w, exponent);
}

double decimal_to_double(struct decimal d)
{
    /* The powers of ten that a double holds exactly, so that the one operation below is the only
     * one that rounds for every value with up to 15 digits and |exponent| <= 22. */
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int size = d.exponent < 0 ? -d.exponent : d.exponent;
    double value = (double)d.mantissa;
    for (; size > 22; size -= 22)
        value = d.exponent < 0 ? value / 1e22 : value * 1e22;
    return d.exponent < 0 ? value / exact[size] : value * exact[size];
}
