/* Times as RFC 3339 text in UTC, to the second or millisecond. */
#ifndef OC_API_TIME_TEXT_H
#define OC_API_TIME_TEXT_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define TIME_TEXT_MAX 32

/* "2026-11-22T16:30:00Z" */
struct str time_text(int64_t time_ms, uint8_t out[static TIME_TEXT_MAX]);

/* Milliseconds as digits, or RFC 3339 with Z or an offset. ERR_PEER otherwise. */
MUST_CHECK enum err time_read(struct str text, int64_t *time_ms);

#endif
