#include "server/domain/word_table.h"

#include <string.h>

static int compare(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool word_table_has(const struct word_table *t, struct str word)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t start = t->starts[middle];
        int order = compare(word, str_from(t->text + start, t->starts[middle + 1] - start));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}
