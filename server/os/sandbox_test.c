/* Each check in a process of its own: what is given up is gone for ever. */
#include "server/os/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/os/file.h"
#include "server/os/landlock.h"
#include "server/os/log.h"
#include "tests/check.h"

#define OTHER_UID 64321U

static char dir[] = "/tmp/oceanremote-sandbox-XXXXXX";

static const struct sandbox_call calls[] = {
    CALL(openat, "files, as far as Landlock lets us"),
    CALL(getppid, "one more"),
    CALL_ONLY(fcntl, 1, F_GETFD, "this one only"),
};

static struct sandbox rules(void)
{
    return (struct sandbox){.name = "test",
                            .directory = dir,
                            .writes_files = true,
                            .calls = calls,
                            .call_count = sizeof calls / sizeof calls[0]};
}

/* What becomes of a process that does this: its exit code, or minus the signal. */
static int fate(int (*work)(void))
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        _exit(work());
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void enter(void)
{
    struct sandbox s = rules();
    sandbox_enter(&s);
}

/* ---- system calls ---------------------------------------------------------------------------- */

static int go_on(void)
{
    enter();
    void *block = malloc(1 << 20);
    free(block);
    return getppid() > 0 && fcntl(0, F_GETFD) >= 0 ? 7 : 1;
}

static int make_socket(void)
{
    enter();
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int execute(void)
{
    char *argv[] = {NULL};
    enter();
    return execve("/bin/true", argv, argv);
}

static int fork_once(void)
{
    enter();
    return (int)syscall(SYS_fork);
}

static int map_code(void)
{
    enter();
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static int make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    enter();
    return mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int other_fcntl(void)
{
    enter();
    return fcntl(0, F_GETFL);
}

static int old_interface(void)
{
    enter();
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(20L) : "memory"); /* getpid of i386 */
    return result > 0;
}

static int signal_others(void)
{
    enter();
    return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int abort_at_once(void)
{
    enter();
    abort();
}

TEST(sandbox__calls_on_the_list_work_and_any_other_ends_the_process)
{
    CHECK_INT(fate(go_on), 7);
    CHECK_INT(fate(make_socket), -SIGSYS);
    CHECK_INT(fate(execute), -SIGSYS);
    CHECK_INT(fate(map_code), -SIGSYS);
    CHECK_INT(fate(make_code), -SIGSYS);
    CHECK_INT(fate(other_fcntl), -SIGSYS);
    CHECK_INT(fate(signal_others), -SIGSYS);
    CHECK_INT(fate(abort_at_once), -SIGABRT);
#if defined(__x86_64__)
    CHECK_INT(fate(fork_once), -SIGSYS);
    CHECK_INT(fate(old_interface), -SIGSYS);
#endif
}

static int to_thread[2], from_thread[2];

static void *wait_then_call(void *number)
{
    char byte = 0;
    if (write(from_thread[1], &byte, 1) == 1 && read(to_thread[0], &byte, 1) == 1)
        syscall(*(const long *)number, AF_INET, SOCK_STREAM, 0);
    return NULL;
}

/* Between the two halves, as the core does it. */
static int call_from_thread(long number)
{
    pthread_t thread;
    struct sandbox s = rules();
    (void)sandbox_confine(&s);
    char byte;
    if (pipe(to_thread) != 0 || pipe(from_thread) != 0 ||
        pthread_create(&thread, NULL, wait_then_call, &number) != 0 ||
        read(from_thread[0], &byte, 1) != 1) /* the calls of a beginning are behind it */
        return 1;
    sandbox_seal(&s);
    if (write(to_thread[1], "x", 1) != 1)
        return 2;
    pthread_join(thread, NULL);
    return 3;
}

static int thread_makes_socket(void)
{
    return call_from_thread(SYS_socket);
}

static int thread_asks_for_parent(void)
{
    return call_from_thread(SYS_getppid);
}

TEST(sandbox_seal__threads_of_before_are_under_it)
{
    CHECK_INT(fate(thread_asks_for_parent), 3);
    CHECK_INT(fate(thread_makes_socket), -SIGSYS);
}

/* ---- files ----------------------------------------------------------------------------------- */

static int open_outside(void)
{
    enter();
    return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

static int make_inside(void)
{
    char path[FILE_PATH_MAX];
    enter();
    if (file_join(dir, "made", path) != OK)
        return 1;
    return open(path, O_RDWR | O_CREAT, 0600) >= 0 ? 0 : 2;
}

static int open_nothing(void)
{
    struct sandbox s = rules();
    s.directory = NULL;
    s.writes_files = false;
    sandbox_enter(&s);
    return open("/dev/null", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

TEST(sandbox__files_of_the_directory_and_no_others)
{
    if (landlock_interface() == 0)
        skip();
    CHECK_INT(fate(open_outside), 0);
    CHECK_INT(fate(make_inside), 0);
    CHECK_INT(fate(open_nothing), 0);
}

static int connect_anywhere(void)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sandbox s = rules();
    (void)sandbox_confine(&s);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno == EACCES ? 0 : 1;
}

TEST(sandbox_confine__no_connection_even_before_calls_are_given_up)
{
    if (landlock_interface() < 4)
        skip();
    CHECK_INT(fate(connect_anywhere), 0);
}

/* ---- rights ---------------------------------------------------------------------------------- */

static int look_at_rights(void)
{
    struct rlimit core, processes, size;
    struct sandbox s = rules();
    s.writes_files = false;
    (void)sandbox_confine(&s);
    if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 1;
    s.call_count = 0;
    const struct sandbox_call look[] = {CALL(prlimit64, "to look")};
    s.calls = look;
    s.call_count = 1;
    sandbox_seal(&s);
    if (getrlimit(RLIMIT_CORE, &core) != 0 || getrlimit(RLIMIT_NPROC, &processes) != 0 ||
        getrlimit(RLIMIT_FSIZE, &size) != 0)
        return 2;
    return core.rlim_max == 0 && size.rlim_max == 0 ? 0 : 3;
}

static int become_another(void)
{
    struct sandbox s = rules();
    s.uid = OTHER_UID;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char *now = sandbox_confine(&s);
    int death_signal = 0;
    prctl(PR_GET_PDEATHSIG, &death_signal);
    if (getuid() != OTHER_UID || geteuid() != OTHER_UID || getgid() != OTHER_UID ||
        getgroups(0, NULL) != 0)
        return 1;
    if (death_signal != SIGKILL || prctl(PR_GET_DUMPABLE) != 0)
        return 2;
    /* The directory is the root now, and there is nothing above it. */
    struct stat root, above;
    if (strcmp(now, "") != 0 || stat("/", &root) != 0 || stat("/..", &above) != 0 ||
        root.st_ino != above.st_ino)
        return 3;
    return setuid(0) == 0 || access("/etc", F_OK) == 0 ? 4 : 0;
}

TEST(sandbox__rights_are_gone)
{
    CHECK_INT(fate(look_at_rights), 0);
    if (geteuid() != 0) {
        print_message("not root: becoming another user is left out\n");
        return;
    }
    CHECK_INT(chown(dir, OTHER_UID, OTHER_UID), 0);
    CHECK_INT(fate(become_another), 0);
    CHECK_INT(chown(dir, 0, 0), 0);
}

/* ---- the parent ------------------------------------------------------------------------------ */

static int write_outside(void)
{
    sandbox_guard(dir);
    int fd = open("/tmp/oceanremote-sandbox-outside", O_WRONLY | O_CREAT, 0600);
    return fd < 0 && errno == EACCES && open("/etc/passwd", O_RDONLY) >= 0 &&
                   open("/dev/null", O_WRONLY) >= 0
               ? 0
               : 1;
}

static int child_mounts(void)
{
    sandbox_guard(dir);
    pid_t pid = fork();
    int status;
    if (pid == 0)
        _exit((int)syscall(SYS_unshare, 0));
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int guard_then_enter(void)
{
    sandbox_guard(dir);
    enter();
    return 0;
}

TEST(sandbox_guard__writes_below_the_directory_and_forbids_all_children)
{
    if (landlock_interface() > 0)
        CHECK_INT(fate(write_outside), 0);
    CHECK_INT(fate(child_mounts), SIGSYS);
    CHECK_INT(fate(guard_then_enter), 0);
}

/* A kernel that has no Landlock, or a container that does not let us use it. */
static int without_landlock(void)
{
    char said[LOG_LINE_MAX * 4] = "";
    int ends[2];
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0 ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) !=
            0 ||
        seccomp_load(filter) != 0)
        return 1;
    sandbox_guard(dir);
    enter();
    ssize_t got = read(ends[0], said, sizeof said - 1);
    return got > 0 && strstr(said, "event=sandbox.no_landlock") != NULL &&
                   strstr(said, "process=parent forbidden=") != NULL &&
                   strstr(said, "landlock=0") != NULL
               ? 0
               : 2;
}

TEST(sandbox__without_landlock__it_is_said_and_the_rest_holds)
{
    CHECK_INT(fate(without_landlock), 0);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int end(void **state)
{
    char path[FILE_PATH_MAX];
    (void)state;
    if (file_join(dir, "made", path) == OK)
        unlink(path);
    return rmdir(dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST_ROW(sandbox__calls_on_the_list_work_and_any_other_ends_the_process),
        TEST_ROW(sandbox_seal__threads_of_before_are_under_it),
        TEST_ROW(sandbox__files_of_the_directory_and_no_others),
        TEST_ROW(sandbox_confine__no_connection_even_before_calls_are_given_up),
        TEST_ROW(sandbox__rights_are_gone),
        TEST_ROW(sandbox_guard__writes_below_the_directory_and_forbids_all_children),
        TEST_ROW(sandbox__without_landlock__it_is_said_and_the_rest_holds),
    };
    return cmocka_run_group_tests_name("sandbox", tests, begin, end);
}
