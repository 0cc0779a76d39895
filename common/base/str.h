/* Text as a borrowed view: pointer and length, never NUL-terminated by promise.
 *
 * Owns:     nothing; a view lives as long as what it looks at.
 * Promise:  no function here reads past len, allocates, or depends on a locale.
 * Source:   nginx ngx_str_t for the shape.
 * Watch:    a C string exists only at the border of an interface that insists on one. */
#ifndef OC_BASE_STR_H
#define OC_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

struct str {
    const uint8_t *ptr;
    size_t len;
};

/* A view of a string literal; sizeof counts its NUL. */
#define STR(literal) ((struct str){(const uint8_t *)("" literal), sizeof(literal) - 1})
#define STR_NONE     ((struct str){NULL, 0})

/* printf("%.*s", STR_ARGS(s)) */
#define STR_ARGS(s) (int)(s).len, (const char *)(s).ptr

struct str str_from(const void *ptr, size_t len);
struct str str_from_cstr(const char *text);

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Bytes [from, from + len), cut to what exists. */
struct str str_slice(struct str s, size_t from, size_t len);

/* Index of the first such byte, or s.len. */
size_t str_find(struct str s, uint8_t byte);

/* Split at the first such byte: true and both halves, or false with head = s and tail empty. */
bool str_cut(struct str s, uint8_t byte, struct str *head, struct str *tail);

/* Without leading and trailing spaces and tabs. */
struct str str_trim(struct str s);

/* Decimal digits only, no sign, no leading zero but "0" itself, at most max. ERR_PEER otherwise. */
MUST_CHECK enum err str_u64(struct str s, uint64_t max, uint64_t *out);

/* Copy into a C string of cap bytes. ERR_LIMIT when it does not fit, ERR_PEER on a NUL inside. */
MUST_CHECK enum err str_to_cstr(struct str s, char *out, size_t cap);

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates. */
bool str_is_utf8(struct str s);

/* Time depends on the lengths only. For secrets and everything derived from one. */
bool str_eq_secret(struct str a, struct str b);

#endif
