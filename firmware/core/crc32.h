/* CRC-32, to tell a torn write from a whole one.
 *
 * Owns:     nothing.
 * Promise:  finds every burst up to 32 bits; it is no signature.
 * Source:   IEEE 802.3, reflected polynomial 0xEDB88320; check value 0xCBF43926 for "123456789".
 * Watch:    sixteen table entries, not 256: 64 bytes of flash instead of 1,024. */
#ifndef OC_FIRMWARE_CRC32_H
#define OC_FIRMWARE_CRC32_H

#include "common/base/str.h"

uint32_t crc32_of(struct str bytes);

#endif
