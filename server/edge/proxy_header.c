#include "server/edge/proxy_header.h"

#include <string.h>

#include "common/base/reader.h"

/* Is this what the bytes begin with, as far as they are there? */
static bool may_become(struct str bytes, struct str what)
{
    size_t len = bytes.len < what.len ? bytes.len : what.len;
    return str_eq(str_slice(bytes, 0, len), str_slice(what, 0, len));
}

/* ---- version 1: a line ----------------------------------------------------------------------- */

#define V1_BEGIN STR("PROXY ")
#define V1_MAX   107 /* section 2.1: the longest line, its CR LF included */

/* "TCP4 192.0.2.1 198.51.100.1 56324 443" */
static enum err read_line(struct str line, struct proxy_header *out)
{
    struct str part[5], rest = line;
    uint8_t destination[ADDRESS_LEN];
    uint64_t port;
    size_t count = 0;
    bool more = true;
    if (str_eq(line, STR("UNKNOWN")) || str_starts(line, STR("UNKNOWN ")))
        return OK; /* section 2.1: whatever follows is ignored */
    while (more) {
        if (count == 5)
            return ERR_PEER;
        more = str_cut(rest, ' ', &part[count++], &rest);
    }
    bool is_v6 = str_eq(part[0], STR("TCP6"));
    if (count != 5 || (!is_v6 && !str_eq(part[0], STR("TCP4"))))
        return ERR_PEER;
    for (size_t i = 1; i <= 2; i++) {
        if ((str_find(part[i], ':') < part[i].len) != is_v6)
            return ERR_PEER;
    }
    TRY(address_read(part[1], out->client));
    TRY(address_read(part[2], destination));
    TRY(str_u64(part[3], 65535, &port));
    TRY(str_u64(part[4], 65535, &port));
    out->has_client = true;
    return OK;
}

static enum err read_v1(struct str bytes, struct proxy_header *out, size_t *taken)
{
    struct str window = str_slice(bytes, 0, V1_MAX);
    size_t end = str_find(window, '\n');
    if (end == window.len)
        return window.len == V1_MAX ? ERR_PEER : ERR_AGAIN;
    if (end <= V1_BEGIN.len || window.ptr[end - 1] != '\r')
        return ERR_PEER;
    *taken = end + 1;
    return read_line(str_slice(window, V1_BEGIN.len, end - 1 - V1_BEGIN.len), out);
}

/* ---- version 2: sixteen bytes, then as many as they say -------------------------------------- */

#define V2_BEGIN STR("\r\n\r\n\0\r\nQUIT\n")

enum v2 {
    V2_HEAD_LEN = 16,
    V2_LOCAL = 0x20, /* version and command */
    V2_PROXY = 0x21,
    V2_TCP4 = 0x11, /* family and transport */
    V2_TCP6 = 0x21,
    V2_TCP4_LEN = 12,
    V2_TCP6_LEN = 36,
};

static enum err read_addresses(uint8_t family, struct str block, struct proxy_header *out)
{
    size_t need = family == V2_TCP4 ? V2_TCP4_LEN : family == V2_TCP6 ? V2_TCP6_LEN : 0;
    if (block.len < need)
        return ERR_PEER;
    if (family == V2_TCP4) {
        memset(out->client, 0, 10);
        memset(out->client + 10, 0xFF, 2);
        memcpy(out->client + 12, block.ptr, 4);
    } else if (family == V2_TCP6) {
        memcpy(out->client, block.ptr, ADDRESS_LEN);
    }
    out->has_client = need > 0; /* section 2.2: of other families only the connection is known */
    return OK;
}

static enum err read_v2(struct str bytes, struct proxy_header *out, size_t *taken)
{
    struct reader r = reader_of(str_slice(bytes, V2_BEGIN.len, bytes.len));
    if (bytes.len < V2_HEAD_LEN)
        return ERR_AGAIN;
    uint8_t command = reader_u8(&r), family = reader_u8(&r);
    size_t len = (size_t)reader_u8(&r) << 8; /* in network order, unlike our own formats */
    len |= reader_u8(&r);
    if ((command != V2_LOCAL && command != V2_PROXY) || len > PROXY_HEADER_MAX - V2_HEAD_LEN)
        return ERR_PEER;
    if (reader_left(&r) < len)
        return ERR_AGAIN;
    *taken = V2_HEAD_LEN + len;
    return command == V2_LOCAL ? OK : read_addresses(family, reader_bytes(&r, len), out);
}

enum err proxy_header_read(struct str bytes, struct proxy_header *out, size_t *taken)
{
    memset(out, 0, sizeof *out);
    *taken = 0;
    bool is_v1 = may_become(bytes, V1_BEGIN), is_v2 = may_become(bytes, V2_BEGIN);
    enum err e = !is_v1 && !is_v2                                    ? ERR_PEER
                 : bytes.len < (is_v1 ? V1_BEGIN.len : V2_BEGIN.len) ? ERR_AGAIN
                 : is_v1                                             ? read_v1(bytes, out, taken)
                                                                     : read_v2(bytes, out, taken);
    if (e != OK)
        memset(out, 0, sizeof *out);
    return e;
}
