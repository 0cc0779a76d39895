#include "server/process/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/reader.h"
#include "common/crypto/crypto.h"
#include "server/courier/mail_file.h"
#include "server/courier/outside.h"
#include "server/ipc/control.h"
#include "server/os/clock.h"
#include "server/os/fatal.h"
#include "server/os/file.h"
#include "server/os/log.h"
#include "server/os/sandbox.h"
#include "server/process/orders.h"

#define DRAIN_MS       INT64_C(2000)
#define RENEW_MS       INT64_C(60000)
#define TASKS_PER_TURN 8
#define AT_THE_END     "something was still under way at the end"
#define TURNSTILE_URL  "https://challenges.cloudflare.com/turnstile/v0/siteverify"
#define SYSTEM_CA      "/etc/ssl/certs/ca-certificates.crt"

struct courier {
    struct outside outside;
    struct mail_files files;
    int link; /* to the core; -1: none */
    int64_t started_at_ms;
    int64_t leave_at_ms; /* 0: not yet */
    bool is_configured;
};

/* ---- what it may do -------------------------------------------------------------------------- */

/* Beside memory, time and its end (server/os/sandbox.c). Landlock says which files, and which TCP
 * ports; threads for names are there already. */
static const struct sandbox_call calls[] = {
    CALL(poll, "the loop, and the C library waiting for a name server"),
    CALL(ppoll, "the same, on other processors"),
    CALL(recvmsg, "the parent; answers of name servers"),
    CALL(sendmsg, "the parent"),
    CALL_ONLY(socket, 0, AF_INET, "outside"),
    CALL_ONLY(socket, 0, AF_INET6, "outside"),
    CALL_ONLY(socket, 0, AF_NETLINK, "getaddrinfo() asks which of our addresses are deprecated"),
    CALL(bind, "that socket of getaddrinfo(); no TCP port: Landlock"),
    CALL(connect, "outside"),
    CALL(getsockname, "the end of a connection that is ours"),
    CALL(getpeername, "libcurl notes whom it speaks to"),
    CALL(getsockopt, "has a connection come about"),
    CALL(setsockopt, "no delay, keep alive; errors of datagrams"),
    CALL(sendto, "the core, outside, netlink"),
    CALL(recvfrom, "the same"),
    CALL(sendmmsg, "both questions to a name server at once"),
    CALL_ONLY(ioctl, 1, FIONREAD, "how long is a name server's answer"),
    CALL_ONLY(fcntl, 1, F_GETFL, "libcurl makes its sockets non-blocking"),
    CALL_ONLY(fcntl, 1, F_SETFL, "the same"),
    CALL_ONLY(fcntl, 1, F_GETFD, "descriptors that end with the process"),
    CALL_ONLY(fcntl, 1, F_SETFD, "the same"),
    CALL(openat, "mails as files; where name servers are"),
    CALL(getdents64, "how many mails are there as files"),
    CALL(fstat, "files"),
    CALL(newfstatat, "has the list of name servers changed"),
    CALL(stat, "the same"),
    CALL(lseek, "the C library reads its files to where it has understood them"),
    CALL(fsync, "a mail is on disk before it counts as written"),
    CALL(rename, "it gets its name when it is whole"),
    CALL(renameat, "the same"),
    CALL(unlinkat, "what could not be written whole"),
    CALL(uname, "the C library wants our own name before it looks for others"),
    CALL(sched_getaffinity, "malloc counts cores when a second thread needs memory"),
};

/* What the C library reads to look a name up. */
static const char *const readable[] = {
    "/etc/resolv.conf", "/etc/hosts",           "/etc/host.conf",      "/etc/gai.conf",
    "/run/resolvconf",  "/run/systemd/resolve", "/run/NetworkManager",
};

/* ---- configuration --------------------------------------------------------------------------- */

void courier_config_write(struct writer *w, const struct courier_config *c)
{
    writer_u32(w, c->uid);
    writer_str16(w, c->mail_dir);
    writer_str16(w, c->smtp_host);
    writer_u16(w, c->smtp_port);
    writer_u8(w, c->smtp_tls_at_once);
    writer_str16(w, c->smtp_user);
    writer_str16(w, c->smtp_password_file);
    writer_str16(w, c->ca_file);
    writer_str16(w, c->turnstile_secret_file);
    writer_str16(w, c->turnstile_url);
}

enum err courier_config_read(struct str payload, struct courier_config *out)
{
    struct reader r = reader_of(payload);
    struct courier_config c = {0};
    c.uid = reader_u32(&r);
    c.mail_dir = reader_str16(&r);
    c.smtp_host = reader_str16(&r);
    c.smtp_port = reader_u16(&r);
    uint8_t tls_at_once = reader_u8(&r);
    c.smtp_tls_at_once = tls_at_once == 1;
    c.smtp_user = reader_str16(&r);
    c.smtp_password_file = reader_str16(&r);
    c.ca_file = reader_str16(&r);
    c.turnstile_secret_file = reader_str16(&r);
    c.turnstile_url = reader_str16(&r);
    if (tls_at_once > 1 || c.mail_dir.len == 0)
        reader_fail(&r);
    TRY(reader_end(&r));
    *out = c;
    return OK;
}

_Noreturn static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "oceanremote: %s: %s\n", what, why);
    exit(1);
}

/* The first line of a file; nothing else of it stays in memory. */
static void read_secret(struct str file, char out[static OUTSIDE_SECRET_MAX])
{
    uint8_t block[OUTSIDE_SECRET_MAX];
    char path[FILE_PATH_MAX];
    size_t len = 0;
    if (file.len == 0)
        return;
    if (str_to_cstr(file, path, sizeof path) != OK)
        fatal("the configuration from the parent cannot be read");
    enum err e = file_read_secret(path, block, sizeof block, &len);
    struct str line = str_slice(str_from(block, len), 0, str_find(str_from(block, len), '\n'));
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (e == OK && line.len == 0)
        e = ERR_CORRUPT;
    if (e == OK)
        e = str_to_cstr(line, out, OUTSIDE_SECRET_MAX);
    wipe(block, sizeof block);
    if (e != OK)
        give_up(path, e == ERR_CORRUPT ? "its first line is empty; write the secret there"
                      : e == ERR_LIMIT ? "it is too long; the secret alone is its first line"
                                       : "this file cannot be read");
}

static void take_texts(struct outside *o, const struct courier_config *c)
{
    if (str_to_cstr(c->smtp_host, o->smtp.host, OUTSIDE_TEXT_MAX) != OK ||
        str_to_cstr(c->smtp_user, o->smtp.user, OUTSIDE_TEXT_MAX) != OK)
        fatal("the configuration from the parent cannot be read");
    o->smtp.tls_at_once = c->smtp_tls_at_once;
    o->smtp.port = c->smtp_port != 0 ? c->smtp_port : c->smtp_tls_at_once ? 465 : 587;
    read_secret(c->smtp_password_file, o->smtp.password);
    if (c->turnstile_secret_file.len == 0)
        return;
    struct str url = c->turnstile_url.len > 0 ? c->turnstile_url : STR(TURNSTILE_URL);
    read_secret(c->turnstile_secret_file, o->turnstile.secret);
    if (str_to_cstr(url, o->turnstile.url, OUTSIDE_TEXT_MAX) != OK ||
        turnstile_place(&o->turnstile) != OK)
        give_up("turnstile.url", "it has no host that can be called");
}

static struct sandbox rights(void)
{
    return (struct sandbox){.name = "courier",
                            .writes_files = true,
                            .keeps_root = true,
                            .files_max = 256,
                            .readable = readable,
                            .readable_count = sizeof readable / sizeof readable[0],
                            .calls = calls,
                            .call_count = sizeof calls / sizeof calls[0]};
}

static void say_task_done(void *ctx, const struct outbound_answer *a);
static void heed_parent(void *ctx);

/* Secrets and authorities are read, and libcurl is loaded, by whoever started us; names are looked
 * up by threads of the user and within the files that stay. */
static void configure(struct courier *k, struct str payload)
{
    struct courier_config config;
    char dir[FILE_PATH_MAX], ca[FILE_PATH_MAX];
    uint16_t ports[OUTSIDE_PORTS_MAX];
    const char *problem = NULL;
    struct sandbox s = rights();
    if (k->is_configured || courier_config_read(payload, &config) != OK ||
        str_to_cstr(config.mail_dir, dir, sizeof dir) != OK ||
        str_to_cstr(config.ca_file.len > 0 ? config.ca_file : STR(SYSTEM_CA), ca, sizeof ca) != OK)
        fatal("the configuration from the parent cannot be read");
    take_texts(&k->outside, &config);
    if (mail_files_open(dir, &k->files) != OK)
        give_up(dir, strerror(errno));
    enum err e = outside_open(&k->outside, ca, &problem);
    if (e != OK)
        give_up(k->outside.lib.global_init == NULL ? "libcurl.so.4, for mails" : ca, problem);
    s.uid = config.uid;
    s.directory = dir;
    s.ports = ports;
    s.port_count = outside_ports(&k->outside, ports);
    (void)sandbox_confine(&s);
    if (outside_begin(&k->outside, say_task_done, heed_parent, k) != OK)
        fatal("the courier cannot start: out of memory or threads");
    k->is_configured = true;
}

/* ---- the core -------------------------------------------------------------------------------- */

/* Nobody hears of what is under way any more: it breaks off with us, so that no server takes a part
 * for the whole mail. The parent starts the next courier, unless everything ends. */
static void close_link(struct courier *k, const char *why)
{
    if (!outside_is_idle(&k->outside)) {
        log_event("courier.broken_off", "cause=\"%s\"", why);
        _exit(0);
    }
    if (k->link >= 0)
        close(k->link);
    k->link = -1;
}

/* What does not fit is not said: the core asks for another courier when it has waited too long. */
static void say(struct courier *k, const struct outbound_answer *a)
{
    uint8_t message[OUTBOUND_ANSWER_MAX];
    struct writer w = writer_into(message, sizeof message);
    if (outbound_answer_put(&w, a) == OK && k->link >= 0)
        (void)!send(k->link, message, w.len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void say_task_done(void *ctx, const struct outbound_answer *a)
{
    say(ctx, a);
}

static struct str file_problem(int problem, char out[static OUTBOUND_TEXT_MAX])
{
    snprintf(out, OUTBOUND_TEXT_MAX, "DIR/mail: %s", strerror(problem));
    return str_from_cstr(out);
}

static void write_mail(struct courier *k, const struct outbound_task *t)
{
    char name[MAIL_FILE_NAME_MAX], to[LOG_TEXT_CAP], why[OUTBOUND_TEXT_MAX];
    struct outbound_answer a = {OUTBOUND_DONE, t->id, STR_NONE};
    enum err e = mail_file_write(&k->files, clock_wall_ms(), t->id, t->message, name);
    if (e == OK) {
        log_event("mail.written",
                  "file=mail/%s to=%s hint=\"no SMTP server is set: mails are files in DIR/mail "
                  "until smtp.host says who takes them\"",
                  name, log_text(t->to, to));
    } else {
        a.verdict = OUTBOUND_UNREACHABLE;
        a.text = e == ERR_LIMIT ? STR("DIR/mail is full: remove files there, or set smtp.host")
                                : file_problem(errno, why);
    }
    say(k, &a);
}

static void do_task(struct courier *k, struct str message)
{
    struct outbound_task t;
    if (outbound_task_take(message, &t) != OK)
        fatal("the core sent what is no task");
    if (t.kind == OUTBOUND_MAIL && k->outside.smtp.host[0] == 0)
        write_mail(k, &t);
    else
        outside_take(&k->outside, &t, clock_monotonic_ms());
}

static void read_link(struct courier *k)
{
    static uint8_t message[OUTBOUND_TASK_MAX];
    for (int i = 0; i < TASKS_PER_TURN && k->link >= 0; i++) {
        ssize_t got = recv(k->link, message, sizeof message, MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (got <= 0) {
            close_link(k, "the core has ended"); /* the parent brings the next one */
            break;
        }
        /* Longer than any task is none; an empty one is malformed by itself. */
        do_task(k, str_from(message, (size_t)got > sizeof message ? 0 : (size_t)got));
    }
    wipe(message, sizeof message);
}

/* ---- the parent ------------------------------------------------------------------------------ */

static void take_link(struct courier *k, const struct control *m)
{
    if (m->payload.len != 0 || m->fd_count != 1 || !k->is_configured)
        fatal("the parent sent a link that cannot be used");
    close_link(k, "the core was started anew");
    k->link = m->fds[0];
}

static void start(struct courier *k)
{
    struct sandbox s = rights();
    if (!k->is_configured)
        fatal("started without a configuration");
    sandbox_seal(&s);
    if (control_send(CONTROL_FD, CONTROL_READY, STR_NONE, NULL, 0) != OK)
        exit(0);
}

static void handle(struct courier *k, const struct control *m)
{
    switch (m->type) {
    case CONTROL_CONFIG: configure(k, m->payload); return;
    case CONTROL_COURIER: take_link(k, m); return;
    case CONTROL_START: start(k); return;
    case CONTROL_DRAIN: k->leave_at_ms = clock_monotonic_ms() + DRAIN_MS; return;
    case CONTROL_LISTEN:
    case CONTROL_LINK:
    case CONTROL_IDENTITY:
    case CONTROL_LIMITS:
    case CONTROL_TICKETS:
    case CONTROL_KEYRING:
    case CONTROL_VAULT:
    case CONTROL_FRONT:
    case CONTROL_READY: break;
    }
    fatal("control message %d is not for the courier", (int)m->type);
}

static void read_control(struct courier *k)
{
    struct control m;
    if (orders_next(&m))
        handle(k, &m);
}

/* Within a call that is under way: what the parent says ends us, if anything. */
static void heed_parent(void *ctx)
{
    struct courier *k = ctx;
    struct pollfd parent = {CONTROL_FD, POLLIN, 0};
    if (poll(&parent, 1, 0) > 0)
        read_control(k);
    if (k->leave_at_ms != 0 && (k->link < 0 || clock_monotonic_ms() >= k->leave_at_ms))
        close_link(k, AT_THE_END);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void turn(struct courier *k)
{
    struct pollfd fds[] = {{CONTROL_FD, POLLIN, 0}, {k->link, POLLIN, 0}};
    outside_wait(&k->outside, fds, k->link >= 0 ? 2 : 1);
    if (fds[0].revents != 0)
        read_control(k);
    if (k->link >= 0 && fds[1].revents != 0)
        read_link(k);
    outside_go_on(&k->outside, clock_monotonic_ms());
}

/* The list of name servers may be another file by now, which Landlock keeps from us: a courier
 * started anew sees it. */
static bool should_be_renewed(const struct courier *k)
{
    return (k->outside.smtp_name.has_failed || k->outside.turnstile_name.has_failed) &&
           outside_is_idle(&k->outside) && clock_monotonic_ms() - k->started_at_ms > RENEW_MS;
}

static bool should_leave(const struct courier *k)
{
    return k->leave_at_ms != 0 &&
           (k->link < 0 || outside_is_idle(&k->outside) || clock_monotonic_ms() >= k->leave_at_ms);
}

int courier_main(void)
{
    static struct courier k = {.link = -1};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a bound on the size of files is a full disk, not an end */
    signal(SIGINT, SIG_IGN);  /* ^C and a service manager's SIGTERM reach us too, */
    signal(SIGTERM, SIG_IGN); /* but are for the parent, who then drains us */
    k.started_at_ms = clock_monotonic_ms();
    while (!should_leave(&k)) {
        turn(&k);
        if (should_be_renewed(&k)) {
            log_event("courier.renewed", "cause=\"%s\"", "a host's name cannot be looked up");
            exit(0);
        }
    }
    close_link(&k, AT_THE_END);
    return 0;
}
