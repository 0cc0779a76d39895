/* inject PID CALL [ARGUMENT...]: a running process makes one system call that is not in its
 * program.
 *
 * Owns:     the process while it is stopped; its registers and memory are as before afterwards.
 * Promise:  prints what came of it as JSON: {"result":N} or {"killed":"SIGSYS"}. Status 0: the call
 *           was made; 1: wrong use; 77: this user may not do that to the process.
 * Source:   ptrace(2). What an attacker does who has found a way to run code inside.
 * Watch:    for tests, on x86-64. An argument is a number, or text that the call is given the
 *           address of, or eight bytes as %HEX likewise, or @ for the address of a page of the
 *           stack. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seccomp.h>

#define ARGUMENTS_MAX 6
#define NOT_PERMITTED 77
#define TEXT_ROOM     1024U /* below the red zone of the stack */

static _Noreturn void stop(int status, const char *what)
{
    fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
    exit(status);
}

static long word_at(pid_t pid, uint64_t address)
{
    errno = 0;
    long word = ptrace(PTRACE_PEEKDATA, pid, address, NULL);
    if (errno != 0)
        stop(1, "memory cannot be read");
    return word;
}

static void put_word(pid_t pid, uint64_t address, long word)
{
    if (ptrace(PTRACE_POKEDATA, pid, address, word) != 0)
        stop(1, "memory cannot be written");
}

static void put_text(pid_t pid, uint64_t address, const char *text)
{
    size_t len = strlen(text) + 1;
    for (size_t at = 0; at < len; at += sizeof(long)) {
        long word = 0;
        memcpy(&word, text + at, len - at < sizeof word ? len - at : sizeof word);
        put_word(pid, address + at, word);
    }
}

static void seize(pid_t pid)
{
    int status;
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
        stop(errno == EPERM ? NOT_PERMITTED : 1, "the process cannot be traced");
    if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0 || waitpid(pid, &status, __WALL) != pid ||
        !WIFSTOPPED(status))
        stop(1, "the process does not stop");
}

static uint64_t argument(pid_t pid, const char *text, uint64_t stack, uint64_t *room)
{
    char *end;
    if (strcmp(text, "@") == 0)
        return stack & ~UINT64_C(4095);
    if (text[0] == '%') {
        uint64_t bytes = strtoull(text + 1, NULL, 16), bytes_at = *room;
        put_word(pid, bytes_at, (long)__builtin_bswap64(bytes));
        put_word(pid, bytes_at + 8, 0);
        *room += 16;
        return bytes_at;
    }
    long long number = strtoll(text, &end, 0);
    if (end != text && *end == 0)
        return (uint64_t)number;
    uint64_t address = *room;
    put_text(pid, address, text);
    *room += (strlen(text) + sizeof(long)) & ~(sizeof(long) - 1);
    return address;
}

/* Step over one syscall instruction that stands where the process was. */
static int step(pid_t pid, const struct user_regs_struct *before, struct user_regs_struct *regs)
{
    static const uint8_t instruction[] = {0x0F, 0x05};
    int status;
    long code = word_at(pid, before->rip), changed = code;
    memcpy(&changed, instruction, sizeof instruction);
    put_word(pid, before->rip, changed);
    if (ptrace(PTRACE_SETREGS, pid, NULL, regs) != 0 ||
        ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0 || waitpid(pid, &status, __WALL) != pid)
        stop(1, "the call cannot be made");
    if (!WIFSTOPPED(status))
        return status;
    if (ptrace(PTRACE_GETREGS, pid, NULL, regs) != 0)
        stop(1, "the registers cannot be read");
    put_word(pid, before->rip, code);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 3 + ARGUMENTS_MAX) {
        fputs("usage: inject PID CALL [ARGUMENT...]\n", stderr);
        return 1;
    }
    pid_t pid = (pid_t)strtol(argv[1], NULL, 10);
    int number = seccomp_syscall_resolve_name(argv[2]);
    struct user_regs_struct before, regs;
    errno = ENOSYS;
    if (number < 0)
        stop(1, argv[2]);
    seize(pid);
    if (ptrace(PTRACE_GETREGS, pid, NULL, &before) != 0)
        stop(1, "the registers cannot be read");
    uint64_t values[ARGUMENTS_MAX] = {0}, room = (before.rsp - 128 - TEXT_ROOM) & ~UINT64_C(15);
    for (int i = 3; i < argc; i++)
        values[i - 3] = argument(pid, argv[i], before.rsp, &room);
    regs = before;
    regs.rax = (unsigned long long)number;
    regs.orig_rax = UINT64_MAX; /* no call was interrupted that the kernel would begin again */
    regs.rdi = values[0], regs.rsi = values[1], regs.rdx = values[2];
    regs.r10 = values[3], regs.r8 = values[4], regs.r9 = values[5];
    int status = step(pid, &before, &regs);
    if (WIFSIGNALED(status)) {
        printf("{\"killed\":\"SIG%s\"}\n", sigabbrev_np(WTERMSIG(status)));
        return 0;
    }
    if (ptrace(PTRACE_SETREGS, pid, NULL, &before) != 0 ||
        ptrace(PTRACE_DETACH, pid, NULL, NULL) != 0)
        stop(1, "the process cannot go on");
    printf("{\"result\":%lld}\n", (long long)regs.rax);
    return 0;
}
