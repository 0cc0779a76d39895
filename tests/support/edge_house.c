#include "tests/support/edge_house.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "server/limit/table.h"
#include "server/os/clock.h"
#include "server/pki/signer.h"
#include "tests/support/echo_core.h"

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

static void end(pid_t *pid)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

/* ---- identity -------------------------------------------------------------------------------- */

static void copy_pem(BIO *bio, char out[HOUSE_PEM_MAX])
{
    int len = BIO_read(bio, out, HOUSE_PEM_MAX - 1);
    must(len > 0, "PEM");
    out[len] = 0;
    BIO_free(bio);
}

void house_make_identity(struct house_identity *out, long serial)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    BIO *cert_out = BIO_new(BIO_s_mem()), *key_out = BIO_new(BIO_s_mem());
    must(key != NULL && cert != NULL && cert_out != NULL && key_out != NULL, "certificate");
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    must(X509_sign(cert, key, EVP_sha256()) > 0 && PEM_write_bio_X509(cert_out, cert) == 1 &&
             PEM_write_bio_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) == 1,
         "certificate");
    copy_pem(cert_out, out->certificate);
    copy_pem(key_out, out->key);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static EVP_PKEY *key_of(const struct house_identity *identity)
{
    BIO *bio = BIO_new_mem_buf(identity->key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    must(key != NULL, "key");
    BIO_free(bio);
    return key;
}

enum err house_sign(void *ctx, const uint8_t key[static SIGNING_KEY_LEN], struct str content,
                    struct signature *out)
{
    (void)key;
    EVP_PKEY *own = key_of(ctx);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    out->len = sizeof out->der;
    must(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, own) == 1 &&
             EVP_DigestSign(md, out->der, &out->len, content.ptr, content.len) == 1,
         "signature");
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(own);
    return OK;
}

/* ---- the keyring ----------------------------------------------------------------------------- */

_Noreturn static void serve_keyring(struct house *h)
{
    static struct signer signer;
    for (size_t i = 0; i < h->edges; i++)
        close(h->control[i]); /* an edge is to notice when its parent closes it */
    for (size_t i = 0; i < h->known_count; i++) {
        EVP_PKEY *key = key_of(&h->known[i]);
        must(signer_add(&signer, key, SIGNER_TLS_1_3) == OK, "signer");
        EVP_PKEY_free(key);
    }
    for (;;) {
        struct pollfd fds[HOUSE_EDGES_MAX];
        for (size_t i = 0; i < h->edges; i++)
            fds[i] = (struct pollfd){h->signing[i][1], POLLIN, 0};
        must(poll(fds, h->edges, -1) > 0, "poll");
        for (size_t i = 0; i < h->edges; i++) {
            uint8_t message[SIGNING_MESSAGE_MAX], answers[SIGNING_BATCH_MAX * SIGNING_ANSWER_MAX];
            struct writer w = writer_into(answers, sizeof answers);
            ssize_t got = recv(fds[i].fd, message, sizeof message, MSG_DONTWAIT);
            if (got > 0 && signer_answer(&signer, i, clock_monotonic_ms(),
                                         str_from(message, (size_t)got), &w) == OK)
                (void)!send(fds[i].fd, answers, w.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    }
}

void house_keyring_start(struct house *h)
{
    h->keyring = fork();
    must(h->keyring >= 0, "fork");
    if (h->keyring != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve_keyring(h);
}

void house_keyring_kill(struct house *h)
{
    end(&h->keyring);
}

static void learn(struct house *h, const struct house_identity *identity)
{
    for (size_t i = 0; i < h->known_count; i++) {
        if (strcmp(h->known[i].key, identity->key) == 0)
            return;
    }
    must(h->known_count < HOUSE_IDENTITIES_MAX, "too many identities");
    h->known[h->known_count++] = *identity;
    house_keyring_kill(h);
    house_keyring_start(h);
}

/* ---- messages -------------------------------------------------------------------------------- */

static void tell(struct house *h, size_t edge, enum control_type type, struct str payload, int fd)
{
    must(control_send(h->control[edge], type, payload, &fd, fd >= 0 ? 1 : 0) == OK, "control_send");
}

void house_tell_identity(struct house *h, size_t edge, const struct house_identity *identity)
{
    uint8_t payload[2 * HOUSE_PEM_MAX + 8];
    struct writer w = writer_into(payload, sizeof payload);
    writer_str32(&w, str_from_cstr(identity->certificate));
    writer_str32(&w, STR_NONE); /* no TLS 1.2 */
    learn(h, identity);
    tell(h, edge, CONTROL_IDENTITY, str_from(payload, w.len), -1);
}

void house_tell_tickets(struct house *h, size_t edge, size_t from, size_t count)
{
    uint8_t payload[1 + TICKET_KEYS_MAX * TICKET_KEY_LEN];
    struct writer w = writer_into(payload, sizeof payload);
    writer_u8(&w, (uint8_t)count);
    writer_bytes(&w, h->tickets + from * TICKET_KEY_LEN, count * TICKET_KEY_LEN);
    tell(h, edge, CONTROL_TICKETS, str_from(payload, w.len), -1);
}

void house_drain(struct house *h, size_t edge)
{
    tell(h, edge, CONTROL_DRAIN, STR_NONE, -1);
}

/* ---- processes ------------------------------------------------------------------------------- */

static int listen_on(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    must(bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 4096) == 0 &&
             getsockname(fd, (struct sockaddr *)&at, &len) == 0,
         "listen");
    *port = ntohs(at.sin_port);
    return fd;
}

static pid_t run_edge(int control)
{
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int kept = fcntl(control, F_DUPFD, 10);
    if (kept < 0 || dup2(kept, CONTROL_FD) < 0)
        _exit(1);
    closefrom(CONTROL_FD + 1);
    execl("/proc/self/exe", "edge", "edge", (char *)NULL);
    _exit(1);
}

void house_core_start(struct house *h, size_t edge)
{
    int ends[2];
    uint8_t index[4] = {(uint8_t)edge};
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int kept = fcntl(ends[0], F_DUPFD, 10);
        if (kept < 0 || dup2(kept, CONTROL_FD) < 0)
            _exit(1);
        closefrom(CONTROL_FD + 1);
        echo_core_serve(CONTROL_FD);
    }
    h->core[edge] = pid;
    tell(h, edge, CONTROL_LINK, str_from(index, sizeof index), ends[1]);
    close(ends[0]);
    close(ends[1]);
}

void house_core_kill(struct house *h, size_t edge)
{
    end(&h->core[edge]);
}

static void tell_limits(struct house *h, size_t i)
{
    uint8_t number[4] = {(uint8_t)i};
    if (i == 0)
        must(limit_table_create((uint32_t)h->edges, CONNECTIONS_DEFAULT, &h->limits) == OK,
             "limits");
    tell(h, i, CONTROL_LIMITS, str_from(number, sizeof number), h->limits);
}

/* Everything passes: what is tried here comes from one address. */
static struct limit_rules no_limits(void)
{
    return (struct limit_rules){
#define HUGE_LIMIT(member, least, most, normal, meaning) .member = LIMIT_HUGE,
        LIMIT_RULES(HUGE_LIMIT)
#undef HUGE_LIMIT
    };
}

static void start_edge(struct house *h, size_t i, const struct edge_config *config)
{
    static uint8_t buf[CONTROL_MAX];
    int ends[2];
    uint8_t payload[512];
    struct control ready;
    struct writer w = writer_into(payload, sizeof payload);
    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    h->control[i] = ends[0];
    h->edge[i] = run_edge(ends[1]);
    close(ends[1]);
    edge_config_write(&w, config);
    tell(h, i, CONTROL_CONFIG, str_from(payload, w.len), -1);
    tell_limits(h, i);
    int listener = listen_on(&h->port[i]);
    uint8_t kind = LISTENER_TLS;
    tell(h, i, CONTROL_LISTEN, str_from(&kind, 1), listener);
    close(listener);
    house_tell_identity(h, i, &h->identity);
    tell(h, i, CONTROL_KEYRING, STR_NONE, h->signing[i][0]);
    house_tell_tickets(h, i, 1, 2);
    house_core_start(h, i);
    tell(h, i, CONTROL_START, STR_NONE, -1);
    must(control_receive(h->control[i], buf, &ready) == OK && ready.type == CONTROL_READY, "ready");
}

void house_start(struct house *h, size_t edges, uint16_t port, const struct edge_config *config)
{
    struct edge_config chosen = {0};
    if (config != NULL)
        chosen = *config;
    if (chosen.limits.api_per_s == 0)
        chosen.limits = no_limits();
    *h = (struct house){.edges = edges, .port = {port}};
    for (size_t i = 0; i < edges; i++)
        h->control[i] = -1;
    house_make_identity(&h->identity, 1);
    RAND_bytes(h->tickets, sizeof h->tickets);
    for (size_t i = 0; i < edges; i++)
        must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, h->signing[i]) == 0,
             "socketpair");
    for (size_t i = 0; i < edges; i++)
        start_edge(h, i, &chosen);
}

int house_wait(struct house *h, size_t edge, int wait_ms)
{
    int status;
    for (int waited_ms = 0; waited_ms <= wait_ms; waited_ms += 5) {
        if (waitpid(h->edge[edge], &status, WNOHANG) == h->edge[edge]) {
            h->edge[edge] = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        usleep(5000);
    }
    return -2;
}

void house_stop(struct house *h)
{
    house_keyring_kill(h);
    for (size_t i = 0; i < h->edges; i++) {
        end(&h->edge[i]);
        end(&h->core[i]);
        if (h->control[i] >= 0)
            close(h->control[i]);
        close(h->signing[i][0]);
        close(h->signing[i][1]);
    }
    close(h->limits);
}
