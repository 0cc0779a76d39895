#include "server/pki/pki.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/base/writer.h"
#include "server/os/entropy.h"
#include "server/os/file.h"
#include "server/os/log.h"

#define CA_DAYS     3650
#define SERVER_DAYS 397
#define RENEW_DAYS  30
#define NAMES_MAX   4096 /* text of a subjectAltName */
#define KEY_PEM_MAX 2048 /* ours have 241 bytes */

/* A certificate, its key, and the key of the certificate before it. */
struct trio {
    const char *subject;
    char certificate[FILE_PATH_MAX];
    char key[FILE_PATH_MAX];
    char old_key[FILE_PATH_MAX];
};

struct paths {
    char keys_dir[FILE_PATH_MAX];
    char ca[FILE_PATH_MAX];
    char ca_key[FILE_PATH_MAX];
    struct trio server, legacy;
};

static enum err trio_of(const char *keys_dir, const char *name, const char *subject, struct trio *t)
{
    char file[64];
    t->subject = subject;
    snprintf(file, sizeof file, "%s.pem", name);
    TRY(file_join(keys_dir, file, t->certificate));
    snprintf(file, sizeof file, "%s-key.pem", name);
    TRY(file_join(keys_dir, file, t->key));
    snprintf(file, sizeof file, "%s-old-key.pem", name);
    return file_join(keys_dir, file, t->old_key);
}

static enum err paths_of(const char *data_dir, struct paths *p)
{
    TRY(file_join(data_dir, "keys", p->keys_dir));
    TRY(file_join(data_dir, "ca.pem", p->ca));
    TRY(file_join(p->keys_dir, "ca-key.pem", p->ca_key));
    TRY(trio_of(p->keys_dir, "server", "OceanRemote server", &p->server));
    return trio_of(p->keys_dir, "legacy", "OceanRemote server, TLS 1.2", &p->legacy);
}

/* ---- names of this machine ------------------------------------------------------------------- */

static void add_name(struct writer *w, const char *kind, const char *name)
{
    if (w->len > 0)
        writer_u8(w, ',');
    writer_str(w, str_from_cstr(kind));
    writer_str(w, str_from_cstr(name));
}

static bool is_address(const char *text)
{
    uint8_t raw[16];
    return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

static bool is_host_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '.';
        if (!good)
            return false;
    }
    return s.len > 0 && s.len <= 253;
}

static void add_host(struct writer *w, struct str name)
{
    char text[256];
    if (str_to_cstr(name, text, sizeof text) != OK)
        return;
    if (is_address(text))
        add_name(w, "IP:", text);
    else if (is_host_name(name))
        add_name(w, "DNS:", text);
}

/* Every address of every interface, so that a device on the same network finds its server under
 * the address it was given. Link-local ones carry a scope that no certificate can name. */
static void add_interfaces(struct writer *w)
{
    struct ifaddrs *all, *i;
    if (getifaddrs(&all) != 0)
        return;
    for (i = all; i != NULL; i = i->ifa_next) {
        char text[INET6_ADDRSTRLEN] = "";
        if (i->ifa_addr == NULL)
            continue;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        if (i->ifa_addr->sa_family == AF_INET) {
            memcpy(&v4, i->ifa_addr, sizeof v4);
            inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
        } else if (i->ifa_addr->sa_family == AF_INET6) {
            memcpy(&v6, i->ifa_addr, sizeof v6);
            if (!IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr))
                inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
        }
        if (text[0] != 0 && strcmp(text, "127.0.0.1") != 0 && strcmp(text, "::1") != 0)
            add_name(w, "IP:", text);
    }
    freeifaddrs(all);
}

/* The loopback names, and the addresses that mean "all of them". */
static bool is_listed_anyway(struct str name)
{
    return name.len == 0 || str_eq(name, STR("localhost")) || str_eq(name, STR("127.0.0.1")) ||
           str_eq(name, STR("::1")) || str_eq(name, STR("::")) || str_eq(name, STR("0.0.0.0"));
}

/* "DNS:localhost,IP:127.0.0.1,…": what the certificate is for. */
static enum err names_of_machine(struct str extra_name, char out[static NAMES_MAX])
{
    char host[256] = "";
    struct writer w = writer_into(out, NAMES_MAX - 1);
    add_name(&w, "DNS:", "localhost");
    add_name(&w, "IP:", "127.0.0.1");
    add_name(&w, "IP:", "::1");
    if (gethostname(host, sizeof host - 1) == 0 && strcmp(host, "localhost") != 0)
        add_host(&w, str_from_cstr(host));
    if (!is_listed_anyway(extra_name))
        add_host(&w, extra_name);
    add_interfaces(&w);
    if (w.overflow)
        return ERR_LIMIT;
    out[w.len] = 0;
    return OK;
}

/* ---- making ---------------------------------------------------------------------------------- */

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool good = e != NULL && X509_add_ext(cert, e, -1) == 1;
    X509_EXTENSION_free(e);
    return good;
}

/* 127 random bits, never negative (RFC 5280 section 4.1.2.2). */
static bool set_serial(X509 *cert)
{
    uint8_t raw[16];
    entropy_fill(raw, sizeof raw);
    raw[0] &= 0x7F;
    BIGNUM *n = BN_bin2bn(raw, sizeof raw, NULL);
    bool good = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;
    BN_free(n);
    return good;
}

static bool set_name(X509_NAME *name, const char *common_name)
{
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)"OceanRemote", -1,
                                      -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)common_name, -1,
                                      -1, 0) == 1;
}

/* What an authority and a server certificate have in common. An hour back, for clocks that are. */
static X509 *begin_certificate(EVP_PKEY *key, const char *common_name, long days)
{
    X509 *cert = X509_new();
    if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
        X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL &&
        X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400) != NULL &&
        X509_set_pubkey(cert, key) == 1 && set_name(X509_get_subject_name(cert), common_name))
        return cert;
    X509_free(cert);
    return NULL;
}

static bool finish_authority(X509 *cert, EVP_PKEY *key)
{
    return X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
           add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(cert, cert, NID_subject_key_identifier, "hash") &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

static bool finish_server(X509 *cert, const char *names, X509 *ca, EVP_PKEY *ca_key)
{
    return X509_set_issuer_name(cert, X509_get_subject_name(ca)) == 1 &&
           add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, ca, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, ca, NID_ext_key_usage, "serverAuth") &&
           add_extension(cert, ca, NID_subject_key_identifier, "hash") &&
           add_extension(cert, ca, NID_authority_key_identifier, "keyid:always") &&
           add_extension(cert, ca, NID_subject_alt_name, names) &&
           X509_sign(cert, ca_key, EVP_sha256()) > 0;
}

/* The memory of a BIO goes to the file; the key's before the certificate's, so that a certificate
 * never stands there without its key. */
static enum err write_pem(BIO *bio, const char *path)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);
    return len <= 0 ? ERR_NO_MEMORY : file_write(path, str_from(bytes, (size_t)len), 0600);
}

static enum err save_key(EVP_PKEY *key, const char *path)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    enum err e =
        bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1
            ? write_pem(bio, path)
            : ERR_NO_MEMORY;
    BIO_free(bio);
    return e;
}

static enum err save_certificates(X509 *cert, X509 *issuer, const char *path)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = bio != NULL && PEM_write_bio_X509(bio, cert) == 1 &&
                (issuer == NULL || PEM_write_bio_X509(bio, issuer) == 1);
    enum err e = good ? write_pem(bio, path) : ERR_NO_MEMORY;
    BIO_free(bio);
    return e;
}

static enum err make_authority(const struct paths *p)
{
    char name[128], host[64] = "this machine";
    (void)gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "OceanRemote local CA of %s", host);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = key == NULL ? NULL : begin_certificate(key, name, CA_DAYS);
    enum err e = cert != NULL && finish_authority(cert, key) ? OK : ERR_NO_MEMORY;
    if (e == OK)
        e = save_key(key, p->ca_key);
    if (e == OK)
        e = save_certificates(cert, NULL, p->ca);
    X509_free(cert);
    EVP_PKEY_free(key);
    log_event("pki.authority_made", "file=%s cause=%s", p->ca, err_name(e));
    return e;
}

/* ---- reading --------------------------------------------------------------------------------- */

static X509 *read_certificate(const char *path)
{
    BIO *bio = BIO_new_file(path, "r");
    X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return cert;
}

static int no_pass_phrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1; /* nobody is there to type it */
}

/* By way of the secure heap: what the C library buffers would stay in ordinary memory. */
static EVP_PKEY *read_key(const char *path)
{
    uint8_t *block = OPENSSL_secure_zalloc(KEY_PEM_MAX);
    if (block == NULL)
        return NULL;
    size_t len;
    EVP_PKEY *key = NULL;
    if (file_read_secret(path, block, KEY_PEM_MAX, &len) == OK) {
        BIO *bio = BIO_new_mem_buf(block, (int)len);
        key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
        BIO_free(bio);
    }
    OPENSSL_secure_clear_free(block, KEY_PEM_MAX);
    return key;
}

/* The extension that this list of names would give, compared with the one that is there. */
static bool has_names(X509 *cert, const char *names)
{
    X509 *probe = X509_new();
    ASN1_OCTET_STRING *have = NULL, *want = NULL;
    int at = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
    if (at >= 0)
        have = X509_EXTENSION_get_data(X509_get_ext(cert, at));
    if (probe != NULL && add_extension(probe, probe, NID_subject_alt_name, names))
        want = X509_EXTENSION_get_data(
            X509_get_ext(probe, X509_get_ext_by_NID(probe, NID_subject_alt_name, -1)));
    bool same = have != NULL && want != NULL && ASN1_OCTET_STRING_cmp(have, want) == 0;
    X509_free(probe);
    return same;
}

static bool is_current(X509 *cert, EVP_PKEY *key, X509 *ca, const char *names)
{
    time_t soon = time(NULL) + RENEW_DAYS * 86400;
    return cert != NULL && key != NULL && X509_cmp_time(X509_get0_notAfter(cert), &soon) > 0 &&
           X509_check_private_key(cert, key) == 1 && X509_verify(cert, X509_get0_pubkey(ca)) == 1 &&
           has_names(cert, names);
}

/* Edges use the certificate of before until they are told, so its key stays. A key that is
 * not its is what a change cut short has left: the one that edges need is put away already. */
static void keep_old_key(const struct trio *t)
{
    X509 *cert = read_certificate(t->certificate);
    EVP_PKEY *key = read_key(t->key);
    bool is_other = cert != NULL && key != NULL && X509_check_private_key(cert, key) != 1;
    X509_free(cert);
    EVP_PKEY_free(key);
    if (!is_other && rename(t->key, t->old_key) != 0 && errno != ENOENT)
        log_event("pki.old_key_lost", "file=%s cause=\"%s\"", t->key, strerror(errno));
}

static enum err make_server(const struct trio *t, const char *names, X509 *ca, EVP_PKEY *ca_key)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = key == NULL ? NULL : begin_certificate(key, t->subject, SERVER_DAYS);
    enum err e = cert != NULL && finish_server(cert, names, ca, ca_key) ? OK : ERR_NO_MEMORY;
    if (e == OK) {
        keep_old_key(t);
        e = save_key(key, t->key);
    }
    if (e == OK)
        e = save_certificates(cert, ca, t->certificate);
    X509_free(cert);
    EVP_PKEY_free(key);
    log_event("pki.certificate_made", "file=%s names=%s cause=%s", t->certificate, names,
              err_name(e));
    return e;
}

/* What stands on disk, made anew when its time or this machine's names have changed. */
static enum err ensure_server(const struct trio *t, const char *names, X509 *ca, EVP_PKEY *ca_key)
{
    X509 *cert = read_certificate(t->certificate);
    EVP_PKEY *key = read_key(t->key);
    enum err e = is_current(cert, key, ca, names) ? OK : make_server(t, names, ca, ca_key);
    X509_free(cert);
    EVP_PKEY_free(key);
    return e;
}

static enum err ensure_servers(const struct paths *p, const char *names, bool with_legacy)
{
    X509 *ca = read_certificate(p->ca);
    EVP_PKEY *ca_key = read_key(p->ca_key);
    enum err e = ERR_CORRUPT;
    if (ca != NULL && ca_key != NULL && X509_check_private_key(ca, ca_key) == 1)
        e = ensure_server(&p->server, names, ca, ca_key);
    if (e == OK && with_legacy)
        e = ensure_server(&p->legacy, names, ca, ca_key);
    X509_free(ca);
    EVP_PKEY_free(ca_key); /* it signs nothing more in this process */
    return e;
}

static enum err load(struct arena *a, const struct trio *t, struct pki_identity *out)
{
    out->key = read_key(t->key);
    out->old_key = read_key(t->old_key);
    return out->key == NULL ? ERR_CORRUPT
                            : file_read(a, t->certificate, PEM_SIZE_MAX, &out->certificate);
}

enum err pki_open(struct arena *a, const char *data_dir, struct str extra_name, bool with_legacy,
                  struct pki *out)
{
    struct paths p;
    char names[NAMES_MAX];
    *out = (struct pki){.server = {.key = NULL}};
    TRY(paths_of(data_dir, &p));
    TRY(names_of_machine(extra_name, names));
    TRY(file_make_dir(p.keys_dir));
    /* A key that nothing was ever signed with is what a first start cut short has left. */
    if (!file_exists(p.ca) && (!file_exists(p.ca_key) || !file_exists(p.server.certificate)))
        TRY(make_authority(&p));
    TRY(ensure_servers(&p, names, with_legacy));
    TRY(load(a, &p.server, &out->server));
    return with_legacy ? load(a, &p.legacy, &out->legacy) : OK;
}

void pki_close(struct pki *p)
{
    EVP_PKEY_free(p->server.key);
    EVP_PKEY_free(p->server.old_key);
    EVP_PKEY_free(p->legacy.key);
    EVP_PKEY_free(p->legacy.old_key);
    *p = (struct pki){.server = {.key = NULL}};
}
