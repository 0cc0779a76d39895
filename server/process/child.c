#include "server/process/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/ipc/control.h"
#include "server/os/clock.h"

_Noreturn static void become_child(const char *name, int control, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        _exit(1);
    /* dup2 onto itself would keep CLOEXEC. */
    if (control == CONTROL_FD ? fcntl(control, F_SETFD, 0) != 0 : dup2(control, CONTROL_FD) < 0)
        _exit(1);
    execl("/proc/self/exe", "oceanremote", name, (char *)NULL);
    _exit(1);
}

/* Its process id, with our end of its control socket; -1 when the machine has no room for it. */
static pid_t fork_child(const char *name, int *control)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become_child(name, ends[1], parent);
    close(ends[1]);
    if (pid < 0)
        close(ends[0]);
    *control = ends[0];
    return pid;
}

enum err child_start(struct child *c, const char *name)
{
    int control;
    pid_t pid = fork_child(name, &control);
    if (pid < 0)
        return ERR_IO;
    c->pid = pid;
    c->control = control;
    c->is_ready = false;
    c->started_at_ms = clock_monotonic_ms();
    return OK;
}
