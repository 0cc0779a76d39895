/* Mail services whose addresses are thrown away after use.
 *
 * Owns:     nothing.
 * Promise:  a domain is known with every name below it; O(log n) for each of its labels.
 * Source:   npm disposable-email-domains-js, as of the build.
 * Watch:    a list of strangers' making is never complete and sometimes wrong: what it says is a
 *           warning, unless the operator wants more (setting disposable_mail). */
#ifndef OC_DOMAIN_DISPOSABLE_H
#define OC_DOMAIN_DISPOSABLE_H

#include "common/base/str.h"

/* host: what stands behind the @, in any case. */
bool disposable_domain_is_known(struct str host);

#endif
