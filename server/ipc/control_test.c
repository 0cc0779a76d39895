#include "server/ipc/control.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/check.h"

static int parent, child;
static uint8_t buf[CONTROL_MAX];
static uint8_t big[CONTROL_MAX + 64];

static void open_pair(void)
{
    int fds[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
    parent = fds[0];
    child = fds[1];
}

static void close_pair(void)
{
    close(parent);
    close(child);
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* The one byte that was written into the other end of a pipe. */
static int read_byte(int fd)
{
    char c = 0;
    return read(fd, &c, 1) == 1 ? c : -1;
}

TEST(control__every_type_travels_with_its_payload)
{
    struct control m;
    open_pair();
    for (int type = CONTROL_CONFIG; type <= CONTROL_VAULT; type++) {
        struct str payload = str_slice(STR("payload"), 0, (size_t)type - 1);
        CHECK_INT(control_send(parent, (enum control_type)type, payload, NULL, 0), OK);
        CHECK_INT(control_receive(child, buf, &m), OK);
        CHECK_INT(m.type, type);
        CHECK_STR(m.payload, payload);
        CHECK_INT(m.fd_count, 0);
    }
    CHECK_INT(control_receive(child, buf, &m), ERR_AGAIN);
    close_pair();
}

TEST(control__descriptors_travel_and_arrive_closed_on_exec)
{
    int pipes[CONTROL_FDS_MAX][2], ends[CONTROL_FDS_MAX];
    struct control m;
    int before = open_descriptors();
    open_pair();
    for (int i = 0; i < CONTROL_FDS_MAX; i++) {
        CHECK_INT(pipe(pipes[i]), 0);
        ends[i] = pipes[i][0];
    }
    CHECK_INT(control_send(parent, CONTROL_LISTEN, STR("x"), ends, CONTROL_FDS_MAX), OK);
    CHECK_INT(control_receive(child, buf, &m), OK);
    CHECK_INT(m.fd_count, CONTROL_FDS_MAX);
    for (int i = 0; i < CONTROL_FDS_MAX; i++) {
        char c = (char)('a' + i);
        CHECK_INT(write(pipes[i][1], &c, 1), 1);
        CHECK_INT(read_byte(m.fds[i]), c);
        CHECK((fcntl(m.fds[i], F_GETFD) & FD_CLOEXEC) != 0);
        close(m.fds[i]);
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
    close_pair();
    CHECK_INT(open_descriptors(), before);
}

TEST(control__the_largest_message_passes)
{
    struct control m;
    open_pair();
    CHECK_INT(control_send(parent, CONTROL_IDENTITY, str_from(big, CONTROL_MAX - 1), NULL, 0), OK);
    CHECK_INT(control_receive(child, buf, &m), OK);
    CHECK_INT(m.payload.len, CONTROL_MAX - 1);
    close_pair();
}

/* A message as control_send() would never make it. */
static void send_raw(const void *bytes, size_t len, const int *fds, size_t fd_count)
{
    union {
        struct cmsghdr align;
        uint8_t space[CMSG_SPACE(sizeof(int) * (CONTROL_FDS_MAX + 8))];
    } ancillary = {0};
    memcpy(big, bytes, len < 16 ? len : 1);
    struct iovec part = {big, len};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count > 0) {
        msg.msg_control = ancillary.space;
        msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
    }
    CHECK_INT(sendmsg(parent, &msg, 0), len);
}

TEST(control_receive__refused_messages__leave_no_descriptor_open)
{
    int fds[CONTROL_FDS_MAX + 1];
    static const struct {
        uint8_t type;
        size_t len, fd_count;
        enum err expected;
        const char *why;
    } rows[] = {
        {0, 1, 1, ERR_PEER, "type 0"},
        {CONTROL_VAULT + 1, 1, 1, ERR_PEER, "a type of tomorrow"},
        {255, 5, 3, ERR_PEER, "type 255"},
        {CONTROL_LISTEN, CONTROL_MAX + 1, 1, ERR_PEER, "a byte too many"},
        {CONTROL_LISTEN, 1, CONTROL_FDS_MAX + 1, ERR_PEER, "a descriptor too many"},
        {CONTROL_LISTEN, 1, CONTROL_FDS_MAX, OK, "as many as may come"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct control m = {0};
        check_row = rows[i].why;
        open_pair();
        for (size_t n = 0; n <= CONTROL_FDS_MAX; n++)
            fds[n] = parent;
        int before = open_descriptors();
        send_raw(&rows[i].type, rows[i].len, fds, rows[i].fd_count);
        CHECK_INT(control_receive(child, buf, &m), rows[i].expected);
        for (size_t n = 0; n < m.fd_count; n++)
            close(m.fds[n]);
        CHECK_INT(open_descriptors(), before);
        close_pair();
    }
    check_row = NULL;
}

TEST(control__the_other_end_has_gone)
{
    struct control m;
    open_pair();
    CHECK_INT(control_send(parent, CONTROL_DRAIN, STR_NONE, NULL, 0), OK);
    close(parent);
    CHECK_INT(control_receive(child, buf, &m), OK);
    CHECK_INT(m.type, CONTROL_DRAIN);
    CHECK_INT(control_receive(child, buf, &m), ERR_IO);
    CHECK_INT(control_send(child, CONTROL_READY, STR_NONE, NULL, 0), ERR_IO); /* and no SIGPIPE */
    close(child);
}

TESTS(control, TEST_ROW(control__every_type_travels_with_its_payload),
      TEST_ROW(control__descriptors_travel_and_arrive_closed_on_exec),
      TEST_ROW(control__the_largest_message_passes),
      TEST_ROW(control_receive__refused_messages__leave_no_descriptor_open),
      TEST_ROW(control__the_other_end_has_gone))
