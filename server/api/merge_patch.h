/* JSON Merge Patch on a device's desired state.
 *
 * Owns:     nothing between calls.
 * Promise:  the result is an object of at most STATE_JSON_MAX bytes whose known members have the
 *           types that devices rely on, or the patch is refused and nothing has changed.
 * Source:   RFC 7396; docs/protocol/device.md section 4.
 * Watch:    null removes a member, at every depth. Works on the texts: no tree is built. */
#ifndef OC_API_MERGE_PATCH_H
#define OC_API_MERGE_PATCH_H

#include "common/base/arena.h"

struct patched {
    struct str desired; /* in the arena */
    int64_t interval_s; /* what the device is to keep to */
    const char *wrong;  /* after ERR_PEER: the member at fault */
};

/* current and patch: JSON objects, checked before; current as we stored it. interval_s: what holds
 * unless the result says otherwise. ERR_PEER: a member has the wrong type. or a member is repeated.
 * ERR_LIMIT: too large or too deep. */
MUST_CHECK enum err merge_patch(struct arena *a, struct str current, struct str patch,
                                int64_t interval_s, struct patched *out);

#endif
