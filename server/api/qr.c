#include "server/api/qr.h"

#include <errno.h>

#include <qrencode.h>

#include "common/base/writer.h"

#define TEXT_MAX       1200
#define PATH_MAX_BYTES (96 * 1024)

/* A run of dark modules in a row: a rectangle. */
static void put_run(struct writer *w, int x, int y, int len)
{
    writer_u8(w, 'M');
    writer_decimal(w, x);
    writer_u8(w, ' ');
    writer_decimal(w, y);
    writer_u8(w, 'h');
    writer_decimal(w, len);
    writer_str(w, STR("v1h-"));
    writer_decimal(w, len);
    writer_u8(w, 'z');
}

static void put_row(struct writer *w, const QRcode *code, int y)
{
    int begin = -1;
    for (int x = 0; x <= code->width; x++) {
        bool is_dark = x < code->width && (code->data[y * code->width + x] & 1) != 0;
        if (is_dark && begin < 0)
            begin = x;
        if (is_dark || begin < 0)
            continue;
        put_run(w, begin, y, x - begin);
        begin = -1;
    }
}

enum err qr_make(struct arena *a, struct str text, struct qr *out)
{
    uint8_t *room = arena_alloc(a, PATH_MAX_BYTES);
    if (room == NULL)
        return ERR_NO_MEMORY;
    if (text.len == 0 || text.len > TEXT_MAX)
        return ERR_LIMIT;
    struct writer w = writer_into(room, PATH_MAX_BYTES);
    QRcode *code = QRcode_encodeData((int)text.len, text.ptr, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return errno == ERANGE ? ERR_LIMIT : ERR_NO_MEMORY;
    for (int y = 0; y < code->width; y++)
        put_row(&w, code, y);
    *out = (struct qr){.size = code->width, .path = str_from(room, w.len)};
    QRcode_free(code);
    return w.overflow ? ERR_LIMIT : OK;
}
