#include "server/process/orders.h"

#include <stdlib.h>

#include "common/crypto/crypto.h"
#include "server/os/fatal.h"

static uint8_t buf[CONTROL_MAX];

bool orders_next(struct control *out)
{
    enum err e = control_receive(CONTROL_FD, buf, out);
    if (e == ERR_IO)
        exit(0); /* without a parent there is nobody to serve */
    if (e == ERR_PEER)
        fatal("the parent sent what is no control message");
    return e == OK;
}

void orders_wipe(void)
{
    wipe(buf, sizeof buf);
}
