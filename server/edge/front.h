/* What stands between the edge and the clients: the name and port we are reached by, and proxies.
 *
 * Owns:     nothing; plain memory of its holder.
 * Promise:  only what comes over a connection from a listed proxy can change whom we take for the
 *           client; from anybody else the same words mean nothing.
 * Source:   OWASP ASVS 4.1.3 and 15.3.4; server/process/front_settings.h makes it of the settings.
 * Watch:    the list is sealed (networks_seal()) by whoever fills it, and by front_read(). */
#ifndef OC_EDGE_FRONT_H
#define OC_EDGE_FRONT_H

#include "common/base/writer.h"
#include "server/net/networks.h"

#define FRONT_NAME_MAX 256

/* How a proxy tells us about its client. */
enum proxy_word {
    PROXY_WORD_NONE,
    PROXY_WORD_X_FORWARDED_FOR,
    PROXY_WORD_CF_CONNECTING_IP,
    PROXY_WORD_PROTOCOL, /* PROXY protocol, before TLS */
    PROXY_WORD_COUNT,
};

struct front {
    uint16_t https_port;       /* of our first TLS listener, as clients see it */
    char name[FRONT_NAME_MAX]; /* a host name or address, for those who name none */
    enum proxy_word word;
    bool is_locked; /* whoever is no listed proxy is not even spoken to */
    struct networks proxies;
    bool has_turnstile; /* the registration page may load Cloudflare's widget */
};

void front_write(struct writer *w, const struct front *f);
MUST_CHECK enum err front_read(struct str payload, struct front *out);

#endif
