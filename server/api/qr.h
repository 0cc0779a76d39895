/* A text as a QR code for a page to draw.
 *
 * Owns:     nothing; the path lies in the arena.
 * Promise:  the data of an SVG path, one unit a module, without the quiet zone (4 units, the page's
 *           to leave); it draws dark modules only.
 * Source:   ISO/IEC 18004 by libqrencode; SVG 1.1 section 8.3.
 * Watch:    error correction M: a screen is read by a phone. */
#ifndef OC_API_QR_H
#define OC_API_QR_H

#include "common/base/arena.h"

struct qr {
    int size; /* modules a side */
    struct str path;
};

/* ERR_LIMIT: the text is too long. ERR_NO_MEMORY. */
MUST_CHECK enum err qr_make(struct arena *a, struct str text, struct qr *out);

#endif
