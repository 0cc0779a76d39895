/* What a process gives up before it serves: rights, files, system calls.
 *
 * Owns:     nothing; what is given up is gone for the life of the process.
 * Promise:  a process that cannot be confined as asked ends with a line that says why, and never
 *           serves. The one exception is a kernel without Landlock, which is logged at start.
 * Source:   seccomp(2), landlock(7), prctl(2), capabilities(7); OpenSSH's sandbox-seccomp-filter.c
 *           and memcached's linux_priv.c, where the list stands beside the code that needs it.
 * Watch:    what libraries load lazily (time zones, configuration, first use of a cipher) must have
 *           happened before. A call missing from the list shows only when it is made: add it with
 *           its reason, and a test that comes by there. */
#ifndef OC_OS_SANDBOX_H
#define OC_OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

/* One system call that is allowed, and why. With a mask: only if (argument & mask) == value; two
 * rows of one call allow either. The low 32 bits of the argument are compared. */
struct sandbox_call {
    int number;
    const char *reason;
    unsigned argument;
    uint32_t mask, value;
};

#define CALL(name, why)                                                                            \
    {                                                                                              \
        .number = __SNR_##name, .reason = (why)                                                    \
    }
/* argument counts from 0 */
#define CALL_ONLY(name, at, only, why)                                                             \
    {                                                                                              \
        .number = __SNR_##name, .reason = (why), .argument = (at), .mask = UINT32_MAX,             \
        .value = (uint32_t)(only)                                                                  \
    }
#define CALL_WITHOUT(name, at, bits, why)                                                          \
    {                                                                                              \
        .number = __SNR_##name, .reason = (why), .argument = (at), .mask = (uint32_t)(bits)        \
    }
#define SANDBOX_OWN_PID      UINT32_MAX /* as a value: the process id of whoever enters */

#define SANDBOX_READABLE_MAX 8

struct sandbox {
    const char *name; /* of the process, for the log */
    uint32_t uid;     /* and gid, to become; 0: stay who we are */
    /* All of the file system that is left, to read and write files in; NULL: nothing. */
    const char *directory;
    bool writes_files;
    /* The root directory stays when the user changes: whoever sets this has opened directory
     * before, and names its files by that descriptor. */
    bool keeps_root;
    const char *const *readable; /* files and directories that stay readable, if they are there */
    size_t readable_count;       /* SANDBOX_READABLE_MAX at most */
    const uint16_t *ports;       /* TCP ports that may be connected to */
    size_t port_count;
    uint64_t files_max; /* descriptors; 0: as it is */
    const struct sandbox_call *calls;
    size_t call_count;
};

/* The first half: user and group, capabilities, Landlock, no new privileges, not dumpable. Before
 * the process makes threads or touches what will be its own. Returns the name that s->directory has
 * from now on ("" for the root: a process that becomes another user has it as its root directory,
 * because the path to it may lead through directories that are closed to that user). */
const char *sandbox_confine(const struct sandbox *s);

/* The second half: no new processes, no new threads, and for all threads that are there only the
 * system calls of s->calls and those that everybody needs. Anything else ends the process. The
 * threads must have begun to run: what a beginning calls is on no list. */
void sandbox_seal(const struct sandbox *s);

/* Both. */
void sandbox_enter(const struct sandbox *s);

/* For the parent, who starts everybody else. What it gives up is what its children never need
 * either, since they inherit it: files are written below directory only, and the calls that serve
 * to leave a sandbox are forbidden to all. Logs what the kernel has not got. */
void sandbox_guard(const char *directory);

#endif
