#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/assert.h"
#include "server/os/fatal.h"
#include "server/process/parent_parts.h"
#include "server/process/vault.h"

enum { CORE_END, VAULT_END };

void vault_open_pair(struct parent *p)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->sealing) != 0)
        fatal("no socket pair for core and vault: %s", strerror(errno));
}

void vault_configure(struct parent *p)
{
    uint8_t payload[FILE_PATH_MAX + 16];
    struct writer w = writer_into(payload, sizeof payload);
    struct vault_config config = {.uid = parent_uid_of(p, UID_VAULT),
                                  .data_dir = str_from_cstr(p->config->data_dir)};
    vault_config_write(&w, &config);
    ASSERT(!w.overflow);
    parent_tell(p, VAULT, CONTROL_CONFIG, str_from(payload, w.len), NULL, 0);
    parent_tell(p, VAULT, CONTROL_VAULT, STR_NONE, &p->sealing[VAULT_END], 1);
    parent_tell(p, VAULT, CONTROL_START, STR_NONE, NULL, 0);
}

void vault_tell_core(struct parent *p)
{
    parent_tell(p, CORE, CONTROL_VAULT, STR_NONE, &p->sealing[CORE_END], 1);
}
