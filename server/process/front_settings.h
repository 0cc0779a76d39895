/* From settings to struct front: how we are reached, and which proxies are believed.
 *
 * Owns:     nothing.
 * Promise:  settings that contradict each other stop the start with a line that says which.
 * Source:   server/edge/front.h.
 * Watch:    the published ranges of the preset are data with a date: see cloudflare.h. */
#ifndef OC_PROCESS_FRONT_SETTINGS_H
#define OC_PROCESS_FRONT_SETTINGS_H

#include "server/edge/front.h"
#include "server/process/doors.h"

/* On failure the operator has been told. */
MUST_CHECK enum err front_settings_read(const struct config *c, const struct doors *d,
                                        struct front *out);

#endif
