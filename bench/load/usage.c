/* Which processes serve a port, and what they use.
 *
 * Source: proc(5): net/tcp, PID/fd, PID/stat, PID/schedstat, PID/smaps_rollup. */
#include "bench/load/load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIDS_MAX   4096
#define INODES_MAX 256

struct process {
    int pid, parent;
    int is_server;
};

static void listening_inodes(const char *path, unsigned port, unsigned long *inodes, size_t *count)
{
    char line[512];
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned local, state;
        unsigned long inode;
        char address[40];
        if (sscanf(line, "%*d: %39[0-9A-F]:%X %*[0-9A-F]:%*X %X %*X:%*X %*X:%*X %*X %*u %*d %lu",
                   address, &local, &state, &inode) == 4 &&
            state == 0x0A && local == port && *count < INODES_MAX)
            inodes[(*count)++] = inode;
    }
    if (f != NULL)
        fclose(f);
}

static int holds_inode(int pid, const unsigned long *inodes, size_t count)
{
    char path[300], link[64];
    int found = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    struct dirent *d;
    while (dir != NULL && !found && (d = readdir(dir)) != NULL) {
        unsigned long inode;
        snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, d->d_name);
        ssize_t len = readlink(path, link, sizeof link - 1);
        if (len <= 0)
            continue;
        link[len] = 0;
        if (sscanf(link, "socket:[%lu]", &inode) != 1)
            continue;
        for (size_t i = 0; i < count; i++)
            found |= inodes[i] == inode;
    }
    if (dir != NULL)
        closedir(dir);
    return found;
}

static int parent_of(int pid)
{
    char path[64], line[1024];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (f != NULL && fgets(line, sizeof line, f) != NULL) {
        const char *after_name = strrchr(line, ')');
        if (after_name != NULL)
            (void)sscanf(after_name + 1, " %*c %d", &parent);
    }
    if (f != NULL)
        fclose(f);
    return parent;
}

static size_t list_processes(struct process *all)
{
    size_t count = 0;
    DIR *dir = opendir("/proc");
    struct dirent *d;
    while (dir != NULL && (d = readdir(dir)) != NULL && count < PIDS_MAX) {
        int pid = (int)strtol(d->d_name, NULL, 10);
        if (pid > 0)
            all[count++] = (struct process){pid, parent_of(pid), 0};
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

/* A child of a server process is one too (the core holds no listening socket). */
static void spread_to_children(struct process *all, size_t count)
{
    for (int changed = 1; changed;) {
        changed = 0;
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < count && !all[i].is_server; k++) {
                if (all[k].is_server && all[i].parent == all[k].pid)
                    changed = all[i].is_server = 1;
            }
        }
    }
}

/* Nanoseconds on a processor, of every thread. */
static double cpu_seconds(int pid)
{
    char path[320];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    struct dirent *d;
    while (dir != NULL && (d = readdir(dir)) != NULL) {
        unsigned long long ns;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, d->d_name);
        FILE *f = fopen(path, "r");
        if (f != NULL && fscanf(f, "%llu", &ns) == 1)
            sum += (double)ns / 1e9;
        if (f != NULL)
            fclose(f);
    }
    if (dir != NULL)
        closedir(dir);
    return sum;
}

static double pss_kb(int pid)
{
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        (void)sscanf(line, "Pss: %lf kB", &kb);
    if (f != NULL)
        fclose(f);
    return kb;
}

/* `oceanremote core`. */
static int is_core(int pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    FILE *f = fopen(path, "r");
    size_t len = f == NULL ? 0 : fread(line, 1, sizeof line - 1, f);
    if (f != NULL)
        fclose(f);
    size_t program = strnlen(line, len);
    return program < len && strcmp(line + program + 1, "core") == 0;
}

int64_t now_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct usage server_usage(unsigned port)
{
    static struct process all[PIDS_MAX];
    unsigned long inodes[INODES_MAX];
    size_t inode_count = 0;
    struct usage u = {0};
    listening_inodes("/proc/net/tcp", port, inodes, &inode_count);
    listening_inodes("/proc/net/tcp6", port, inodes, &inode_count);
    size_t count = list_processes(all);
    for (size_t i = 0; i < count; i++)
        all[i].is_server = holds_inode(all[i].pid, inodes, inode_count);
    spread_to_children(all, count);
    for (size_t i = 0; i < count; i++) {
        if (!all[i].is_server)
            continue;
        double cpu_s = cpu_seconds(all[i].pid);
        u.cpu_s += cpu_s;
        u.core_cpu_s += is_core(all[i].pid) ? cpu_s : 0;
        u.pss_kb += pss_kb(all[i].pid);
        u.processes++;
    }
    return u;
}
