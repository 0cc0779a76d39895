/* Tables of tests/vectors: one case a line, columns between bars, bytes escaped.
 *
 * Owns:     nothing; the file is read line by line.
 * Promise:  a line that cannot be read fails the test instead of being passed over.
 * Source:   tests/vectors/http1.txt explains the form to people; its reader in JavaScript is
 *           tests/integration/http1-wire.test.mjs.
 * Watch:    paths are from the root of the repository, where meson runs the tests. The last column
 *           may hold bars. */
#ifndef OC_TESTS_SUPPORT_VECTOR_H
#define OC_TESTS_SUPPORT_VECTOR_H

#include "tests/check.h"

#define VECTOR_COLUMNS_MAX 4
#define VECTOR_LINE_MAX    1024
#define VECTOR_COLUMN_MAX  4096

struct vector_row {
    struct str column[VECTOR_COLUMNS_MAX]; /* without spaces around; unescaped but for the last */
};

static inline size_t vector_number(struct str *text)
{
    size_t n = 0;
    while (text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9') {
        n = n * 10 + (size_t)(text->ptr[0] - '0');
        *text = str_slice(*text, 1, text->len);
    }
    return n;
}

static inline uint8_t vector_hex(uint8_t c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* \r \n \t \0 \\ \xNN and \(COUNT TEXT), into room. */
static inline struct str vector_bytes(struct str text, uint8_t *room, size_t cap)
{
    size_t len = 0;
    while (text.len > 0) {
        uint8_t c = text.ptr[0];
        text = str_slice(text, 1, text.len);
        if (c == '\\') {
            CHECK(text.len > 0);
            uint8_t kind = text.ptr[0];
            text = str_slice(text, 1, text.len);
            if (kind == '(') {
                struct str inner, none;
                uint8_t piece[64];
                size_t count = vector_number(&text);
                CHECK(str_cut(str_slice(text, 1, text.len), ')', &inner, &none));
                text = none;
                inner = vector_bytes(inner, piece, sizeof piece);
                for (size_t i = 0; i < count; i++) {
                    CHECK(inner.len <= cap - len);
                    memcpy(room + len, inner.ptr, inner.len);
                    len += inner.len;
                }
                continue;
            }
            if (kind == 'x') {
                CHECK(text.len >= 2);
                c = (uint8_t)(vector_hex(text.ptr[0]) << 4 | vector_hex(text.ptr[1]));
                text = str_slice(text, 2, text.len);
            } else {
                static const char kinds[] = "rnt0\\", meanings[] = "\r\n\t\0\\";
                const char *at = strchr(kinds, kind);
                CHECK(at != NULL && kind != 0);
                c = (uint8_t)meanings[at - kinds];
            }
        }
        CHECK(len < cap);
        room[len++] = c;
    }
    return str_from(room, len);
}

/* Calls check for each case; returns how many there were. */
static inline size_t vector_each(const char *path, size_t columns,
                                 void (*check)(const struct vector_row *row))
{
    static char line[VECTOR_LINE_MAX];
    static uint8_t room[VECTOR_COLUMNS_MAX][VECTOR_COLUMN_MAX];
    size_t count = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        print_error("%s is missing: run tests from the root of the repository\n", path);
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        struct str rest = str_from_cstr(line), cell;
        CHECK(str_ends(rest, STR("\n"))); /* longer than a line may be */
        rest.len--;
        if (rest.len == 0 || rest.ptr[0] == '#')
            continue;
        struct vector_row row = {0};
        line[rest.len] = 0;
        check_row = line;
        for (size_t i = 0; i + 1 < columns; i++) {
            CHECK(str_cut(rest, '|', &cell, &rest));
            row.column[i] = vector_bytes(str_trim(cell), room[i], sizeof room[i]);
        }
        CHECK(rest.len == 0 || rest.ptr[0] == ' ');
        row.column[columns - 1] = str_slice(rest, 1, rest.len); /* spaces there mean something */
        check(&row);
        count++;
    }
    fclose(file);
    check_row = NULL;
    return count;
}

#endif
