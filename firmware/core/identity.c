#include "firmware/core/identity.h"

#include <string.h>

#include "common/base/reader.h"
#include "firmware/core/crc32.h"

/* u32 magic, u64 sequence, str16 device id, MAC, salt, u32 iterations, two keys, u32 CRC of all
 * before it. The last digit of the magic is the version of this layout. */
#define MAGIC 0x3149434F /* "OCI1" */

static enum err slot_read(struct str bytes, struct identity *out)
{
    if (bytes.len < 4)
        return ERR_CORRUPT;
    struct str body = str_slice(bytes, 0, bytes.len - 4);
    struct reader tail = reader_of(str_slice(bytes, bytes.len - 4, 4));
    if (reader_u32(&tail) != crc32_of(body))
        return ERR_CORRUPT;
    struct reader r = reader_of(body);
    if (reader_u32(&r) != MAGIC)
        return ERR_CORRUPT;
    out->sequence = reader_u64(&r);
    struct str device_id = reader_str16(&r);
    struct str mac = reader_bytes(&r, MAC_LEN);
    struct str salt = reader_bytes(&r, SCRAM_SALT_LEN);
    out->iterations = reader_u32(&r);
    struct str client_key = reader_bytes(&r, SHA256_LEN);
    struct str server_key = reader_bytes(&r, SHA256_LEN);
    if (reader_end(&r) != OK || device_id.len == 0 || device_id.len > sizeof out->device_id)
        return ERR_CORRUPT;
    memcpy(out->device_id, device_id.ptr, device_id.len);
    out->device_id_len = device_id.len;
    memcpy(out->mac, mac.ptr, MAC_LEN);
    memcpy(out->salt, salt.ptr, SCRAM_SALT_LEN);
    memcpy(out->keys.client_key, client_key.ptr, SHA256_LEN);
    memcpy(out->keys.server_key, server_key.ptr, SHA256_LEN);
    return OK;
}

enum err identity_load(const struct port_slots *slots, struct identity *out)
{
    struct identity found;
    uint64_t best = 0;
    for (unsigned slot = 0; slot < PORT_SLOTS; slot++) {
        uint8_t raw[PORT_SLOT_MAX];
        size_t len;
        if (slots->read(slots->ctx, slot, raw, sizeof raw, &len) == OK &&
            slot_read(str_from(raw, len), &found) == OK && found.sequence > best) {
            best = found.sequence;
            *out = found;
        }
        wipe(raw, sizeof raw);
    }
    wipe(&found, sizeof found);
    return best == 0 ? ERR_NOT_FOUND : OK;
}

enum err identity_store(const struct port_slots *slots, struct identity *id)
{
    uint8_t raw[PORT_SLOT_MAX];
    struct writer w = writer_into(raw, sizeof raw);
    uint64_t sequence = id->sequence + 1;
    writer_u32(&w, MAGIC);
    writer_u64(&w, sequence);
    writer_str16(&w, str_from(id->device_id, id->device_id_len));
    writer_bytes(&w, id->mac, MAC_LEN);
    writer_bytes(&w, id->salt, SCRAM_SALT_LEN);
    writer_u32(&w, id->iterations);
    writer_bytes(&w, id->keys.client_key, SHA256_LEN);
    writer_bytes(&w, id->keys.server_key, SHA256_LEN);
    writer_u32(&w, crc32_of(str_from(raw, w.len)));
    struct str whole;
    TRY(writer_end(&w, &whole));
    /* Sequences alternate between the slots, so this one never holds the newest whole one. */
    enum err e = slots->write(slots->ctx, (unsigned)(sequence % PORT_SLOTS), whole);
    wipe(raw, sizeof raw);
    TRY(e);
    id->sequence = sequence;
    return OK;
}
