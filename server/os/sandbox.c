#include "server/os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "server/os/fatal.h"
#include "server/os/file.h"
#include "server/os/landlock.h"
#include "server/os/log.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* ---- what everybody needs -------------------------------------------------------------------- */

static const struct sandbox_call everybody[] = {
    CALL(read, "what comes"),
    CALL(write, "what goes, and the log"),
    CALL(writev, "the last words of libc: a smashed stack, a broken heap"),
    CALL(close, "what is done with"),
    CALL(brk, "memory"),
    CALL_WITHOUT(mmap, 2, PROT_EXEC, "memory that is never code"),
    CALL_WITHOUT(mprotect, 2, PROT_EXEC, "memory that is never code"),
    CALL(munmap, "memory given back"),
    CALL(mremap, "memory that grows"),
    CALL(madvise, "memory given back"),
    CALL(getrandom, "keys, nonces, reseeding of OpenSSL's generator by time and count"),
    CALL(clock_gettime, "clocks, where the kernel's page of them is not mapped"),
    CALL(gettimeofday, "the same"),
    CALL(time, "the same"),
    CALL(sysinfo, "qsort() asks how much memory there is before it sorts in a copy"),
    CALL(futex, "locks: OpenSSL, malloc"),
    CALL(getpid, "log lines; OpenSSL asks whether it was forked"),
    CALL(gettid, "abort()"),
    CALL_ONLY(tgkill, 0, SANDBOX_OWN_PID, "abort()"),
    CALL(rt_sigprocmask, "abort(); OpenSSL's jobs keep the mask of signals"),
    CALL(rt_sigaction, "abort() puts SIGABRT back"),
    CALL(rt_sigreturn, "the return from a signal handler"),
    CALL(restart_syscall, "what a stop by SIGSTOP has interrupted goes on"),
    CALL(exit, "the end of a thread"),
    CALL(exit_group, "the end"),
};

/* Sanitizers look at their own process, look for leaks from a thread of their own that traces the
 * others, and ask about their output. Nothing of this is in a product build. */
static const struct sandbox_call for_sanitizers[] = {
    CALL(clone, "leaks: the tracing thread"),
    CALL(clone3, "leaks: the tracing thread"),
    CALL(ptrace, "leaks: stops the other threads"),
    CALL(wait4, "leaks: waits for them"),
    CALL(prctl, "leaks: who may trace us"),
    CALL(sigaltstack, "a stack for reports"),
    CALL(getppid, "leaks: is it still the same process"),
    CALL(openat, "maps of memory"),
    CALL(open, "maps of memory"),
    CALL(readlink, "the name of the program"),
    CALL(readlinkat, "the name of the program"),
    CALL(newfstatat, "the size of files"),
    CALL(fstat, "the size of files"),
    CALL(stat, "is there a symbolizer"),
    CALL(access, "is there a symbolizer"),
    CALL(lseek, "maps of memory"),
    CALL(getdents, "leaks: lists the threads"),
    CALL(getdents64, "leaks: lists the threads"),
    CALL(sched_yield, "spin locks"),
    CALL(sched_getaffinity, "counts cores"),
    CALL(getrlimit, "the size of the stack"),
    CALL(prlimit64, "the size of the stack"),
    CALL(ioctl, "is the output a terminal"),
    CALL(getuid, "the name of the output"),
    CALL(geteuid, "the name of the output"),
    CALL(kill, "leaks: ends the tracing thread"),
};
#define FOR_SANITIZERS (IS_SANITIZED ? sizeof for_sanitizers / sizeof for_sanitizers[0] : 0)

#if IS_SANITIZED
static bool leaks_cannot_be_found; /* that takes /proc, which another root directory has not got */

int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return leaks_cannot_be_found;
}

static int open_for_sanitizers(bool has_own_root)
{
    leaks_cannot_be_found = has_own_root;
    return open("/proc", O_PATH | O_CLOEXEC);
}
#else
static int open_for_sanitizers(bool has_own_root)
{
    (void)has_own_root;
    return -1;
}
#endif

/* Nobody here ever needs these: they look into other processes, change the machine, make name
 * spaces, or reach corners of the kernel in which most ways out of a sandbox were found. */
static const int nobody[] = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(syslog),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(personality),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(move_pages),
    SCMP_SYS(migrate_pages),
    SCMP_SYS(vhangup),
};

/* ---- who we are ------------------------------------------------------------------------------ */

static void drop_bounding_set(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* for root; others have no_new_privs */
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* kernels before 4.3: none */
    if (syscall(SYS_capset, &head, none) != 0)
        fatal("the capabilities cannot be given up: %s", strerror(errno));
}

/* Setting the user id forgets the signal that our parent's death sends us. */
static void become(const struct sandbox *s)
{
    int death_signal = 0;
    pid_t parent = getppid();
    (void)prctl(PR_GET_PDEATHSIG, &death_signal);
    drop_bounding_set();
    if (setgroups(0, NULL) != 0 || setresgid(s->uid, s->uid, s->uid) != 0 ||
        setresuid(s->uid, s->uid, s->uid) != 0)
        fatal("the %s cannot become user %u: %s; set `uids` to ids that this machine has, or start "
              "the server as a user other than root",
              s->name, s->uid, strerror(errno));
    if (setuid(0) == 0)
        fatal("the %s could become root again", s->name);
    (void)prctl(PR_SET_PDEATHSIG, (unsigned long)death_signal);
    if (death_signal != 0 && getppid() != parent)
        exit(0); /* it died in between */
}

/* ---- files ----------------------------------------------------------------------------------- */

static int open_directory(const struct sandbox *s)
{
    if (s->directory == NULL)
        return -1;
    int fd = open(s->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fatal("the %s cannot reach %s: %s", s->name, s->directory, strerror(errno));
    return fd;
}

/* Descriptors of what stays readable; sanitizers read /proc, too. Returns how many. */
static size_t open_readable(const struct sandbox *s, int fds[static SANDBOX_READABLE_MAX + 1])
{
    size_t count = 0;
    ASSERT(s->readable_count <= SANDBOX_READABLE_MAX);
    fds[count] = open_for_sanitizers(s->uid != 0 && s->directory != NULL && !s->keeps_root);
    count += fds[count] >= 0;
    for (size_t i = 0; i < s->readable_count; i++) {
        fds[count] = open(s->readable[i], O_PATH | O_CLOEXEC);
        count += fds[count] >= 0;
    }
    return count;
}

static void set_limit(int which, rlim_t most)
{
    struct rlimit now, wanted = {most, most};
    if (getrlimit((__rlimit_resource_t)which, &now) == 0 && now.rlim_max < most)
        wanted = (struct rlimit){now.rlim_max, now.rlim_max};
    if (setrlimit((__rlimit_resource_t)which, &wanted) != 0)
        fatal("a limit cannot be set: %s", strerror(errno));
}

static void forbid_looking_and_gaining(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        fatal("no_new_privs cannot be set: %s", strerror(errno));
}

static void enter_root(const struct sandbox *s, int fd)
{
    if (fchdir(fd) != 0 || chroot(".") != 0)
        fatal("%s cannot become the root directory of the %s: %s; where root may not do that, "
              "start the server as another user",
              s->directory, s->name, strerror(errno));
}

const char *sandbox_confine(const struct sandbox *s)
{
    const char *directory = s->directory;
    /* libc would look at /etc/localtime for each time that is written; ours are all UTC. */
    setenv("TZ", "UTC0", 1);
    tzset();
    AUTO_CLOSE int fd = open_directory(s);
    int readable[SANDBOX_READABLE_MAX + 1];
    struct landlock_rights rights = {.directory = fd,
                                     .readable = readable,
                                     .readable_count = open_readable(s, readable),
                                     .ports = s->ports,
                                     .port_count = s->port_count};
    set_limit(RLIMIT_CORE, 0);
    if (s->files_max != 0)
        set_limit(RLIMIT_NOFILE, s->files_max);
    if (s->uid != 0 && directory != NULL && !s->keeps_root) {
        enter_root(s, fd);
        directory = "";
    }
    if (s->uid != 0)
        become(s);
    drop_capabilities();
    forbid_looking_and_gaining();
    int interface = landlock_interface();
    if (interface > 0 && landlock_enter(interface, &rights) != OK)
        fatal("the %s cannot give up files: landlock: %s", s->name, strerror(errno));
    for (size_t i = 0; i < rights.readable_count; i++)
        close(readable[i]);
    return directory;
}

/* ---- system calls ---------------------------------------------------------------------------- */

static scmp_filter_ctx begin_filter(uint32_t otherwise)
{
    scmp_filter_ctx filter = seccomp_init(otherwise);
    if (filter == NULL ||
        seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
        seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) != 0 ||
        seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
        fatal("no filter of system calls can be made");
    return filter;
}

static void load_filter(scmp_filter_ctx filter, const char *name)
{
    int code = seccomp_load(filter);
    if (code != 0)
        fatal("the %s cannot give up system calls: seccomp: %s", name, strerror(-code));
    seccomp_release(filter);
}

static void allow(scmp_filter_ctx filter, const struct sandbox_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sandbox_call *c = &calls[i];
        ASSERT(c->reason != NULL && c->reason[0] != 0);
        uint32_t value = c->value;
        if (c->mask == UINT32_MAX && value == SANDBOX_OWN_PID)
            value = (uint32_t)getpid();
        struct scmp_arg_cmp only = {c->argument, SCMP_CMP_MASKED_EQ, c->mask, value};
        int code =
            seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, c->number, c->mask != 0 ? 1 : 0, &only);
        /* A call that this processor's kernel never had is no loss. */
        if (code != 0 && code != -EEXIST && code != -EDOM)
            fatal("system call %d cannot be allowed: %s", c->number, strerror(-code));
    }
}

/* A log that goes to a file counts as writing one. */
static bool log_is_file(void)
{
    struct stat st;
    return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

void sandbox_seal(const struct sandbox *s)
{
    int interface = landlock_interface();
    if (!s->writes_files && !log_is_file())
        set_limit(RLIMIT_FSIZE, 0);
    if (!IS_SANITIZED)
        set_limit(RLIMIT_NPROC, 0);
    scmp_filter_ctx filter = begin_filter(SCMP_ACT_KILL_PROCESS);
    allow(filter, everybody, sizeof everybody / sizeof everybody[0]);
    allow(filter, s->calls, s->call_count);
    allow(filter, for_sanitizers, FOR_SANITIZERS);
    uid_t uid = geteuid();
    load_filter(filter, s->name);
    log_event("sandbox.entered", "process=%s seccomp=%zu landlock=%d uid=%u", s->name,
              sizeof everybody / sizeof everybody[0] + s->call_count + FOR_SANITIZERS, interface,
              (unsigned)uid);
}

void sandbox_enter(const struct sandbox *s)
{
    (void)sandbox_confine(s);
    sandbox_seal(s);
}

/* ---- the parent ------------------------------------------------------------------------------ */

static void guard_files(const char *directory)
{
    int interface = landlock_interface();
    if (interface == 0) {
        log_event("sandbox.no_landlock",
                  "cause=\"%s\" effect=\"files are guarded by users and system calls only\"",
                  strerror(errno));
        return;
    }
    AUTO_CLOSE int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || landlock_enter_writing_below(interface, fd) != OK)
        fatal("writing cannot be bounded to %s: landlock: %s", directory, strerror(errno));
}

void sandbox_guard(const char *directory)
{
    set_limit(RLIMIT_CORE, 0);
    forbid_looking_and_gaining();
    guard_files(directory);
    scmp_filter_ctx filter = begin_filter(SCMP_ACT_ALLOW);
    size_t count = 0;
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        if (IS_SANITIZED && (nobody[i] == SCMP_SYS(ptrace) || nobody[i] == SCMP_SYS(personality)))
            continue; /* see for_sanitizers */
        int code = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, nobody[i], 0);
        if (code != 0 && code != -EDOM)
            fatal("system call %d cannot be forbidden: %s", nobody[i], strerror(-code));
        count++;
    }
    load_filter(filter, "parent");
    log_event("sandbox.entered", "process=parent forbidden=%zu landlock=%d uid=%u", count,
              landlock_interface(), (unsigned)geteuid());
}
