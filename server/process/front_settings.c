#include "server/process/front_settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/os/log.h"
#include "server/net/known_networks.h"
#include "server/process/cloudflare.h"

#define DAY_S INT64_C(86400)

static enum err complain(const char *why)
{
    fprintf(stderr, "oceanremote: %s\n", why);
    return ERR_PEER;
}

/* What clients may call us by when they do not say it themselves. */
static void set_name(const struct doors *d, struct front *f)
{
    const char *host = doors_host(d);
    if (!listener_host_is_any(host))
        snprintf(f->name, sizeof f->name, "%s", host);
    else if (gethostname(f->name, sizeof f->name - 1) != 0 || f->name[0] == 0)
        strcpy(f->name, "localhost");
}

/* Every item was read once already, when it was set. */
static enum err add_listed(const struct config_list *list, struct networks *out)
{
    for (size_t i = 0; i < list->count; i++) {
        struct network one;
        unsigned prefix;
        bool is_v6;
        TRY(network_read(str_from_cstr(list->items[i]), &one, &prefix, &is_v6));
        TRY(networks_add(out, &one));
    }
    return OK;
}

static enum err add_cloudflare(const struct config *c, struct networks *out)
{
    int64_t stored_at_s;
    if (cloudflare_load(c->data_dir, out, &stored_at_s) != OK)
        return complain(CLOUDFLARE_FILE " in the data directory is no list of networks; store it "
                                        "again with `oceanremote ranges cloudflare FILE`, or "
                                        "remove it");
    log_event("front.cloudflare", "networks=%zu source=%s", out->count,
              stored_at_s == 0 ? "built-in-" KNOWN_NETWORKS_ON : CLOUDFLARE_FILE);
    return OK;
}

static enum proxy_word word_of(const struct config *c)
{
    if (c->proxy_header == PROXY_WORD_NONE && c->proxy_preset == CONFIG_PRESET_CLOUDFLARE)
        return PROXY_WORD_CF_CONNECTING_IP;
    return (enum proxy_word)c->proxy_header;
}

enum err front_settings_read(const struct config *c, const struct doors *d, struct front *out)
{
    memset(out, 0, sizeof *out);
    out->https_port = c->redirect_port > 0 ? (uint16_t)c->redirect_port : doors_https_port(d);
    set_name(d, out);
    TRY(add_listed(&c->proxy_from, &out->proxies));
    if (c->proxy_preset == CONFIG_PRESET_CLOUDFLARE)
        TRY(add_cloudflare(c, &out->proxies));
    networks_seal(&out->proxies);
    out->word = word_of(c);
    out->is_locked = c->proxy_only != 0;
    if (out->proxies.count == 0 && out->word != PROXY_WORD_NONE)
        return complain("proxy.header says what proxies write, but there is none: list them with "
                        "proxy.from");
    if (out->proxies.count > 0 && out->word == PROXY_WORD_NONE)
        return complain(
            "proxy.from lists proxies, but proxy.header does not say how they tell whom "
            "they speak for: all their clients would count as one");
    if (out->proxies.count == 0 && out->is_locked)
        return complain("proxy.only = on lets in proxies only, but there is none: list them with "
                        "proxy.from");
    return OK;
}
