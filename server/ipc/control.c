#include "server/ipc/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base/assert.h"

enum err control_send(int socket, enum control_type type, struct str payload, const int *fds,
                      size_t fd_count)
{
    ASSERT(payload.len < CONTROL_MAX && fd_count <= CONTROL_FDS_MAX);
    uint8_t kind = (uint8_t)type;
    union {
        struct cmsghdr align;
        uint8_t space[CMSG_SPACE(sizeof(int) * CONTROL_FDS_MAX)];
    } ancillary = {0};
    struct iovec parts[2] = {{&kind, 1}, {.iov_len = payload.len}};
    memcpy(&parts[1].iov_base, &payload.ptr, sizeof payload.ptr); /* sendmsg reads it only */
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = payload.len > 0 ? 2 : 1};
    if (fd_count > 0) {
        msg.msg_control = ancillary.space;
        msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
    }
    for (;;) {
        if (sendmsg(socket, &msg, MSG_NOSIGNAL) >= 0)
            return OK;
        if (errno != EINTR)
            return ERR_IO;
    }
}

static bool type_is_known(uint8_t type)
{
    return type >= CONTROL_CONFIG && type <= CONTROL_VAULT;
}

static void take_descriptors(struct msghdr *msg, struct control *out)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
            if (out->fd_count < CONTROL_FDS_MAX)
                out->fds[out->fd_count++] = fd;
            else
                close(fd);
        }
    }
}

static void close_descriptors(struct control *c)
{
    for (size_t i = 0; i < c->fd_count; i++)
        close(c->fds[i]);
    c->fd_count = 0;
}

enum err control_receive(int socket, uint8_t buf[static CONTROL_MAX], struct control *out)
{
    union {
        struct cmsghdr align;
        uint8_t space[CMSG_SPACE(sizeof(int) * CONTROL_FDS_MAX)];
    } ancillary;
    struct iovec part = {buf, CONTROL_MAX};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = ancillary.space,
                         .msg_controllen = sizeof ancillary.space};
    ssize_t got = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_IO;
    if (got == 0)
        return ERR_IO;
    struct control c = {0};
    take_descriptors(&msg, &c);
    if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || !type_is_known(buf[0])) {
        close_descriptors(&c);
        return ERR_PEER;
    }
    c.type = (enum control_type)buf[0];
    c.payload = str_from(buf + 1, (size_t)got - 1);
    *out = c;
    return OK;
}
