#include "server/os/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/os/file.h"

/* From the kernel's linux/landlock.h: that of the build machine may know fewer. */
#define FS_WRITE_FILE       (UINT64_C(1) << 1)
#define FS_READ_FILE        (UINT64_C(1) << 2)
#define FS_READ_DIR         (UINT64_C(1) << 3)
#define FS_REMOVE_DIR       (UINT64_C(1) << 4)
#define FS_REMOVE_FILE      (UINT64_C(1) << 5)
#define FS_MAKE_DIR         (UINT64_C(1) << 7)
#define FS_MAKE_REG         (UINT64_C(1) << 8)
#define FS_FIRST            ((UINT64_C(1) << 13) - 1) /* all of interface 1 */
#define FS_REFER            (UINT64_C(1) << 13)       /* interface 2 */
#define FS_TRUNCATE         (UINT64_C(1) << 14)       /* interface 3 */
#define FS_IOCTL_DEV        (UINT64_C(1) << 15)       /* interface 5 */
#define NET_BIND_TCP        (UINT64_C(1) << 0)        /* interface 4 */
#define NET_CONNECT_TCP     (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* interface 6 */
#define SCOPE_SIGNAL        (UINT64_C(1) << 1)

#define FS_MAKE_ANY         (UINT64_C(0x7F) << 6) /* MAKE_CHAR … MAKE_SYM */
#define FS_WRITING                                                                                 \
    (FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_ANY | FS_REFER | FS_TRUNCATE)

struct ruleset {
    uint64_t fs, net, scoped;
};

struct beneath {
    uint64_t allowed;
    int32_t directory;
} __attribute__((packed));

struct net_port {
    uint64_t allowed, port;
};

#define CREATE_VERSION    1U
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT     2

int landlock_interface(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
    return version < 0 ? 0 : (int)version;
}

static uint64_t fs_known(int interface)
{
    return FS_FIRST | (interface >= 2 ? FS_REFER : 0) | (interface >= 3 ? FS_TRUNCATE : 0) |
           (interface >= 5 ? FS_IOCTL_DEV : 0);
}

/* A kernel refuses bits that it does not know. */
static int create(int interface, struct ruleset r)
{
    r.fs &= fs_known(interface);
    r.net = interface >= 4 ? r.net : 0;
    r.scoped = interface >= 6 ? r.scoped : 0;
    return (int)syscall(SYS_landlock_create_ruleset, &r, sizeof r, 0);
}

static enum err allow(int rules, int interface, int directory, uint64_t rights)
{
    struct beneath b = {.allowed = rights & fs_known(interface), .directory = directory};
    return syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &b, 0) == 0 ? OK : ERR_IO;
}

static enum err restrict_self(int rules)
{
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0 ? OK : ERR_IO;
}

/* The kernel refuses rights over directories for what is none. */
static enum err allow_reading(int rules, int interface, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return ERR_IO;
    return allow(rules, interface, fd, FS_READ_FILE | (S_ISDIR(st.st_mode) ? FS_READ_DIR : 0));
}

static enum err allow_ports(int rules, int interface, const struct landlock_rights *r)
{
    for (size_t i = 0; i < r->port_count && interface >= 4; i++) {
        struct net_port n = {.allowed = NET_CONNECT_TCP, .port = r->ports[i]};
        if (syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &n, 0) != 0)
            return ERR_IO;
    }
    return OK;
}

enum err landlock_enter(int interface, const struct landlock_rights *r)
{
    AUTO_CLOSE int rules = create(interface, (struct ruleset){
                                                 .fs = UINT64_MAX,
                                                 .net = NET_BIND_TCP | NET_CONNECT_TCP,
                                                 .scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL,
                                             });
    if (rules < 0)
        return ERR_IO;
    if (r->directory >= 0)
        TRY(allow(rules, interface, r->directory,
                  FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG |
                      FS_REMOVE_FILE));
    for (size_t i = 0; i < r->readable_count; i++)
        TRY(allow_reading(rules, interface, r->readable[i]));
    TRY(allow_ports(rules, interface, r));
    return restrict_self(rules);
}

enum err landlock_enter_writing_below(int interface, int directory)
{
    AUTO_CLOSE int rules =
        create(interface, (struct ruleset){.fs = FS_WRITING, .net = NET_BIND_TCP});
    AUTO_CLOSE int null = open("/dev/null", O_PATH | O_CLOEXEC);
    if (rules < 0 || null < 0)
        return ERR_IO;
    TRY(allow(rules, interface, null, FS_WRITE_FILE | FS_TRUNCATE));
    TRY(allow(rules, interface, directory, FS_WRITING));
    return restrict_self(rules);
}
