#include "server/process/front_settings.h"

#include <string.h>
#include <unistd.h>

/* What clients may call us by when they do not say it themselves. */
static void set_name(const struct doors *d, struct front *f)
{
    const char *host = doors_host(d);
    if (!listener_host_is_any(host))
        snprintf(f->name, sizeof f->name, "%s", host);
    else if (gethostname(f->name, sizeof f->name) != 0 || f->name[0] == 0)
        strcpy(f->name, "localhost");
    f->name[sizeof f->name - 1] = 0;
}

enum err front_settings_read(const struct config *c, const struct doors *d, struct front *out)
{
    (void)c;
    memset(out, 0, sizeof *out);
    out->https_port = doors_https_port(d);
    set_name(d, out);
    return OK;
}
