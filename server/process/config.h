/* What an operator may set: one table of names, bounds and defaults.
 *
 * Owns:     struct config.
 * Promise:  no file is needed; the defaults are the safe deployment. An unknown key, a value out of
 *           bounds or a line that cannot be read stops the start and quotes what was written.
 * Source:   nginx's directive tables; valkey config.c.
 * Watch:    the table in config.c says for each setting in which direction it gets weaker; what is
 *           weaker than its default is logged at every start. */
#ifndef OC_PROCESS_CONFIG_H
#define OC_PROCESS_CONFIG_H

#include <stdio.h>

#include "common/base/str.h"
#include "server/domain/rules.h"
#include "server/limit/rules.h"
#include "server/os/file.h"

#define LISTENERS_MAX      8
#define CONFIG_ITEM_MAX    280
#define CONFIG_ITEMS_MAX   64
#define CONFIG_SIZE_MAX    (64 * 1024)
#define CONFIG_PROBLEM_MAX 512

enum config_preset {
    CONFIG_PRESET_OFF,
    CONFIG_PRESET_CLOUDFLARE,
};

enum smtp_security {
    SMTP_STARTTLS, /* port 587 */
    SMTP_TLS,      /* port 465 */
};

/* A setting that may stand on several lines, one item each. */
struct config_list {
    char items[CONFIG_ITEMS_MAX][CONFIG_ITEM_MAX];
    size_t count;
};

struct config {
    char data_dir[FILE_PATH_MAX];
    char file[FILE_PATH_MAX];        /* read if it is there, must be there when it was named */
    struct config_list https;        /* ADDR:PORT; none: the default */
    struct config_list http;         /* likewise, or "off" */
    struct config_list legacy_https; /* ADDR:PORT; none: the default */
    int64_t redirect_port;           /* 0: the port of the first https */
    int64_t edges;                   /* 0: one a core of the machine */
    int64_t connections;             /* of each edge */
    int64_t hash_threads;            /* 0: half the cores, at least one */
    int64_t password_iterations;
    struct config_list proxy_from; /* ADDR/LEN */
    int64_t proxy_header;          /* enum proxy_word */
    int64_t proxy_preset;          /* enum config_preset */
    int64_t proxy_only;            /* 1: nobody else gets in */
    int64_t uids; /* of the processes, when root starts them: the first of some in a row */
    int64_t tls_legacy_devices; /* 1: a key and a certificate for TLS 1.2, too */
    struct limit_rules limits;
    struct account_rules accounts; /* url is empty until the listeners are known */
    /* mail */
    char smtp_host[CONFIG_ITEM_MAX]; /* empty: mails are files in DIR/mail */
    int64_t smtp_port;               /* 0: what its security has by custom */
    int64_t smtp_security;           /* enum smtp_security */
    char smtp_user[CONFIG_ITEM_MAX];
    char smtp_password_file[CONFIG_ITEM_MAX];
    char outbound_ca[CONFIG_ITEM_MAX]; /* a file; empty: those that the system trusts */
    char turnstile_secret_file[CONFIG_ITEM_MAX];
    char turnstile_url[CONFIG_ITEM_MAX];
    char problem[CONFIG_PROBLEM_MAX]; /* why the last call failed, for the operator */
};

/* The defaults, with the data directory chosen: /var/lib/oceanremote when it is there and ours,
 * else ./data. */
void config_init(struct config *c);

/* Read the file over what is there. Command-line listeners replace the file's, so call it first. */
MUST_CHECK enum err config_load(struct config *c, bool must_exist);

/* One setting as a line of the file would make it, from the command line. */
MUST_CHECK enum err config_set(struct config *c, const char *name, const char *value);

/* A list of which one item is "off": nothing, not even the default. */
bool config_list_is_off(const struct config_list *list);

/* Every value and where it comes from. */
void config_print(const struct config *c, FILE *out);

/* Each setting that is weaker than its default. */
typedef void config_loosened_fn(void *ctx, const char *name, int64_t value, int64_t normal);
void config_each_loosened(const struct config *c, config_loosened_fn *tell, void *ctx);

/* Log them. */
void config_log_loosened(const struct config *c);

#endif
