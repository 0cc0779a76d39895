#include "server/process/config.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "server/domain/account.h"
#include "server/domain/password.h"
#include "server/net/networks.h"
#include "server/os/log.h"

enum kind {
    NUMBER,
    SWITCH, /* on, off */
    LIST,   /* struct config_list */
    CHOICE, /* one of some words: its index */
    TEXT,   /* of CONFIG_ITEM_MAX bytes, empty when not set */
};

/* Which way a setting gets weaker than its default. */
enum weaker {
    NEITHER,
    LOWER,
    HIGHER,
    OTHER, /* any other value */
};

static const char *address_problem(struct str text)
{
    uint64_t port;
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    if (colon < 2 || str_u64(str_slice(text, colon, text.len), 65535, &port) != OK)
        return "is not ADDR:PORT, such as 0.0.0.0:8443 or [::1]:8443";
    return NULL;
}

static const char *address_or_off_problem(struct str text)
{
    return str_eq(text, STR("off")) ? NULL : address_problem(text);
}

/* Nobody's proxies are a continent; a slip of the pen would make every stranger one. */
#define PROXIES_V4_LEAST 8
#define PROXIES_V6_LEAST 7

static const char *network_problem(struct str text)
{
    struct network n;
    unsigned prefix;
    bool is_v6;
    if (network_read(text, &n, &prefix, &is_v6) != OK)
        return "is no network such as 192.0.2.0/24 or 2001:db8::/32";
    return prefix < (is_v6 ? PROXIES_V6_LEAST : PROXIES_V4_LEAST) ? "is too large a network" : NULL;
}

/* In the order of enum proxy_word and enum config_preset. */
static const char *const header_names[] = {"off", "x-forwarded-for", "cf-connecting-ip",
                                           "proxy-protocol", NULL};
static const char *const preset_names[] = {"off", "cloudflare", NULL};

static const char *const registration_names[] = {"open", "closed", NULL};
static const char *const disposable_names[] = {"warn", "refuse", "allow", NULL};
static const char *const factor_names[] = {"optional", "admins", "all", NULL};
static const char *const security_names[] = {"starttls", "tls", NULL};
static const char *const unreachable_names[] = {"refuse", "accept", NULL};

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7F)
            return false;
    }
    return text.len > 0;
}

static const char *word_problem(struct str text)
{
    return is_plain(text) ? NULL : "is not one word of plain characters";
}

static const char *path_problem(struct str text)
{
    return str_starts(text, STR("/")) ? NULL
                                      : "is not a whole path, such as /etc/oceanremote/secret";
}

static const char *site_problem(struct str text)
{
    struct str rest = str_slice(text, 8, text.len);
    return str_starts(text, STR("https://")) && is_plain(rest) && str_find(rest, '/') == rest.len
               ? NULL
               : "is not https://HOST or https://HOST:PORT, without a slash behind it";
}

static const char *url_problem(struct str text)
{
    return str_starts(text, STR("https://")) && is_plain(text) ? NULL
                                                               : "is no address with https://";
}

static const char *mail_problem(struct str text)
{
    uint8_t normal_bytes[EMAIL_MAX];
    struct str normal;
    return email_normalise(text, normal_bytes, &normal) == OK ? NULL : "is not a mail address";
}

static const struct row {
    const char *name;
    size_t offset;
    enum kind kind;
    enum weaker weaker;
    int64_t least, most, normal;                  /* of a LIST, most is how many items */
    const char *(*item_problem)(struct str text); /* of a LIST or TEXT: NULL when it is good */
    const char *meaning;
    const char *const *choices; /* of a CHOICE */
} rows[] = {
#define AT(member) offsetof(struct config, member)
    {"https", AT(https), LIST, NEITHER, 0, LISTENERS_MAX, 0, address_problem,
     "ADDR:PORT to listen on, a line each; without one: [::]:8443", NULL},
    {"http", AT(http), LIST, NEITHER, 0, LISTENERS_MAX, 0, address_or_off_problem,
     "ADDR:PORT of a plain listener that leads to https, a line each, or 'off'; without one: "
     "[::]:8080 if https has its default too",
     NULL},
    {"redirect_port", AT(redirect_port), NUMBER, NEITHER, 0, 65535, 0, NULL,
     "where http leads to, 0 for the port of the first https", NULL},
    {"edges", AT(edges), NUMBER, NEITHER, 0, 64, 0, NULL,
     "edge processes, 0 for one a core of the machine", NULL},
    {"connections", AT(connections), NUMBER, NEITHER, 16, 1000000, 20000, NULL,
     "connections of each edge at once", NULL},
    {"hash_threads", AT(hash_threads), NUMBER, NEITHER, 0, 8, 0, NULL,
     "threads that verify passwords, 0 for half the cores", NULL},
    {"password_iterations", AT(password_iterations), NUMBER, LOWER, PASSWORD_ITERATIONS_FLOOR,
     PASSWORD_ITERATIONS_MAX, PASSWORD_ITERATIONS_DEFAULT, NULL,
     "PBKDF2 rounds of a new password hash", NULL},
    {"uids", AT(uids), NUMBER, NEITHER, 1000, 4000000000, 64200, NULL,
     "user ids of the processes when root starts the server: this one and those that follow", NULL},
    {"tls.legacy_devices", AT(tls_legacy_devices), SWITCH, OTHER, 0, 1, 0, NULL,
     "TLS 1.2 for old devices, with a key of its own, on a listener of its own", NULL},
    {"tls.legacy_https", AT(legacy_https), LIST, NEITHER, 0, LISTENERS_MAX, 0, address_problem,
     "ADDR:PORT of that listener, a line each; without one: [::]:8444", NULL},
    {"proxy.from", AT(proxy_from), LIST, NEITHER, 0, CONFIG_ITEMS_MAX, 0, network_problem,
     "ADDR/LEN of proxies in front of us, a line each", NULL},
    {"proxy.header", AT(proxy_header), CHOICE, NEITHER, 0, 3, 0, NULL,
     "how they tell whom they speak for", header_names},
    {"proxy", AT(proxy_preset), CHOICE, NEITHER, 0, 1, 0, NULL,
     "a service in front of us: its published networks, and its header if none is chosen",
     preset_names},
    {"proxy.only", AT(proxy_only), SWITCH, NEITHER, 0, 1, 0, NULL,
     "close every connection that does not come from them", NULL},
#define LIMIT_ROW(member, least, most, normal, meaning)                                            \
    {"limits." #member,                                                                            \
     AT(limits.member),                                                                            \
     NUMBER,                                                                                       \
     HIGHER,                                                                                       \
     least,                                                                                        \
     most,                                                                                         \
     normal,                                                                                       \
     NULL,                                                                                         \
     meaning,                                                                                      \
     NULL},
    LIMIT_RULES(LIMIT_ROW)
#undef LIMIT_ROW
        {"honeypot.ban_hours", AT(limits.ban_hours), NUMBER, LOWER, 0, 8760, BAN_HOURS_DEFAULT,
         NULL,
         "hours that an address is banned which asks for what only scanners want; 0: only audited",
         NULL},
    {"url", AT(accounts.url), TEXT, NEITHER, 0, 0, 0, site_problem,
     "https://HOST[:PORT] that people know this server by, for links in mails and for passkeys; "
     "without one: the first https listener",
     NULL},
    {"registration", AT(accounts.registration), CHOICE, NEITHER, 0, 1, 0, NULL,
     "may strangers make accounts", registration_names},
    {"password.min", AT(accounts.password_min), NUMBER, LOWER, 8, 64, PASSWORD_MIN, NULL,
     "least characters of a password", NULL},
    {"disposable_mail", AT(accounts.disposable_mail), CHOICE, NEITHER, 0, 2, 0, NULL,
     "accounts with addresses of throw-away mail services", disposable_names},
    {"second_factor", AT(accounts.second_factor), CHOICE, NEITHER, 0, 2, 0, NULL,
     "who must have a second factor", factor_names},
    {"smtp.host", AT(smtp_host), TEXT, NEITHER, 0, 0, 0, word_problem,
     "server that takes our mails; without one they are files in DIR/mail", NULL},
    {"smtp.port", AT(smtp_port), NUMBER, NEITHER, 0, 65535, 0, NULL,
     "its port, 0 for 587 (starttls) or 465 (tls)", NULL},
    {"smtp.security", AT(smtp_security), CHOICE, NEITHER, 0, 1, 0, NULL,
     "how its connection is encrypted", security_names},
    {"smtp.user", AT(smtp_user), TEXT, NEITHER, 0, 0, 0, word_problem, "name to sign in there with",
     NULL},
    {"smtp.password_file", AT(smtp_password_file), TEXT, NEITHER, 0, 0, 0, path_problem,
     "file whose first line is the password", NULL},
    {"mail.from", AT(accounts.mail_from), TEXT, NEITHER, 0, 0, 0, mail_problem,
     "address that mails come from; without one: oceanremote@ and the host of url", NULL},
    {"outbound.ca", AT(outbound_ca), TEXT, NEITHER, 0, 0, 0, path_problem,
     "authorities that servers we call are verified with; without one: the system's", NULL},
    {"turnstile.site_key", AT(accounts.turnstile_site_key), TEXT, NEITHER, 0, 0, 0, word_problem,
     "Cloudflare Turnstile on the registration form, when both its keys are set", NULL},
    {"turnstile.secret_file", AT(turnstile_secret_file), TEXT, NEITHER, 0, 0, 0, path_problem,
     "file whose first line is its secret key", NULL},
    {"turnstile.url", AT(turnstile_url), TEXT, NEITHER, 0, 0, 0, url_problem,
     "where its answers are verified; without one: Cloudflare's", NULL},
    {"turnstile.when_unreachable", AT(accounts.turnstile_unreachable), CHOICE, OTHER, 0, 1, 0, NULL,
     "registrations while it cannot be reached", unreachable_names},
    {"limits.dry_run", AT(limits.dry_run), SWITCH, OTHER, 0, 1, 0, NULL,
     "only log what the limits would refuse", NULL},
#undef AT
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static int64_t *number_of(struct config *c, const struct row *r)
{
    return (int64_t *)(void *)((char *)c + r->offset);
}

static bool has_number(const struct row *r)
{
    return r->kind != LIST && r->kind != TEXT;
}

static struct config_list *list_of(struct config *c, const struct row *r)
{
    return (struct config_list *)(void *)((char *)c + r->offset);
}

/* Texts are all CONFIG_ITEM_MAX bytes long. */
_Static_assert(RULES_TEXT_MAX == CONFIG_ITEM_MAX, "config.h: texts of one length");
static char *text_of(struct config *c, const struct row *r)
{
    return (char *)c + r->offset;
}

static int64_t read_number(const struct config *c, const struct row *r)
{
    int64_t v;
    memcpy(&v, (const char *)c + r->offset, sizeof v);
    return v;
}

void config_init(struct config *c)
{
    memset(c, 0, sizeof *c);
    bool is_installed = access("/var/lib/oceanremote", W_OK) == 0;
    snprintf(c->data_dir, sizeof c->data_dir, "%s",
             is_installed ? "/var/lib/oceanremote" : "./data");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (has_number(&rows[i]))
            *number_of(c, &rows[i]) = rows[i].normal;
    }
}

static enum err refuse(struct config *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum err refuse(struct config *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->problem, sizeof c->problem, format, args);
    va_end(args);
    return ERR_PEER;
}

static enum err set_number(struct config *c, const struct row *r, struct str value)
{
    uint64_t number;
    if (str_u64(value, INT64_MAX, &number) != OK || (int64_t)number < r->least ||
        (int64_t)number > r->most)
        return refuse(c, "%s = %.*s: it is a number from %lld to %lld", r->name,
                      STR_ARGS(str_slice(value, 0, 60)), (long long)r->least, (long long)r->most);
    *number_of(c, r) = (int64_t)number;
    return OK;
}

static enum err set_switch(struct config *c, const struct row *r, struct str value)
{
    bool is_on = str_eq(value, STR("on"));
    if (!is_on && !str_eq(value, STR("off")))
        return refuse(c, "%s = %.*s: it is 'on' or 'off'", r->name,
                      STR_ARGS(str_slice(value, 0, 60)));
    *number_of(c, r) = is_on;
    return OK;
}

static enum err set_choice(struct config *c, const struct row *r, struct str value)
{
    char words[CONFIG_ITEM_MAX] = "";
    size_t len = 0;
    for (int64_t i = 0; r->choices[i] != NULL; i++) {
        if (str_eq(value, str_from_cstr(r->choices[i]))) {
            *number_of(c, r) = i;
            return OK;
        }
        len += (size_t)snprintf(words + len, sizeof words - len, "%s'%s'", i == 0 ? "" : ", ",
                                r->choices[i]);
    }
    return refuse(c, "%s = %.*s: it is one of %s", r->name, STR_ARGS(str_slice(value, 0, 60)),
                  words);
}

static enum err set_text(struct config *c, const struct row *r, struct str value)
{
    const char *problem = r->item_problem(value);
    if (problem != NULL)
        return refuse(c, "%s: '%.*s' %s", r->name, STR_ARGS(str_slice(value, 0, 60)), problem);
    if (str_to_cstr(value, text_of(c, r), CONFIG_ITEM_MAX) != OK)
        return refuse(c, "%s: '%.*s…' is too long", r->name, STR_ARGS(str_slice(value, 0, 40)));
    return OK;
}

static enum err add_item(struct config *c, const struct row *r, struct str value)
{
    struct config_list *list = list_of(c, r);
    const char *problem = r->item_problem(value);
    if (problem != NULL)
        return refuse(c, "%s: '%.*s' %s", r->name, STR_ARGS(str_slice(value, 0, 60)), problem);
    if ((int64_t)list->count == r->most)
        return refuse(c, "%s stands on more than %lld lines", r->name, (long long)r->most);
    if (str_to_cstr(value, list->items[list->count], CONFIG_ITEM_MAX) != OK)
        return refuse(c, "%s: '%.*s…' is too long", r->name, STR_ARGS(str_slice(value, 0, 40)));
    list->count++;
    return OK;
}

static enum err set(struct config *c, struct str name, struct str value)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *r = &rows[i];
        if (!str_eq(name, str_from_cstr(r->name)))
            continue;
        switch (r->kind) {
        case NUMBER: return set_number(c, r, value);
        case SWITCH: return set_switch(c, r, value);
        case LIST: return add_item(c, r, value);
        case CHOICE: return set_choice(c, r, value);
        case TEXT: return set_text(c, r, value);
        }
    }
    return refuse(c, "there is no setting '%.*s'; `oceanremote check` lists them",
                  STR_ARGS(str_slice(name, 0, 60)));
}

enum err config_set(struct config *c, const char *name, const char *value)
{
    return set(c, str_from_cstr(name), str_from_cstr(value));
}

/* Put where it stands before what is wrong. */
static enum err refuse_line(struct config *c, unsigned line)
{
    char why[CONFIG_PROBLEM_MAX];
    memcpy(why, c->problem, sizeof why);
    return refuse(c, "line %u: %.480s", line, why);
}

static enum err parse(struct config *c, struct str text)
{
    bool more = text.len > 0;
    for (unsigned line = 1; more; line++) {
        struct str row, comment, name, value;
        more = str_cut(text, '\n', &row, &text);
        str_cut(row, '#', &row, &comment); /* so that what config_print() says can be read back */
        row = str_trim(row);
        if (row.len == 0)
            continue;
        if (!str_cut(row, '=', &name, &value))
            return refuse(c, "line %u: '%.*s' is not NAME = VALUE", line,
                          STR_ARGS(str_slice(row, 0, 60)));
        if (set(c, str_trim(name), str_trim(value)) != OK)
            return refuse_line(c, line);
    }
    return OK;
}

enum err config_load(struct config *c, bool must_exist)
{
    static uint8_t block[CONFIG_SIZE_MAX + 64];
    struct arena a = arena_over(block, sizeof block);
    struct str text;
    if (c->file[0] == 0 && file_join(c->data_dir, "oceanremote.conf", c->file) != OK)
        return refuse(c, "the path of the data directory is too long");
    enum err e = file_read(&a, c->file, CONFIG_SIZE_MAX, &text);
    if (e == ERR_NOT_FOUND && !must_exist)
        return OK;
    if (e != OK)
        return refuse(c, "%s cannot be read: %s", c->file, err_name(e));
    if (parse(c, text) == OK)
        return OK;
    char why[CONFIG_PROBLEM_MAX];
    memcpy(why, c->problem, sizeof why);
    return refuse(c, "%.200s: %.300s", c->file, why);
}

static void print_list(const struct config *c, const struct row *r, FILE *out)
{
    const struct config_list *list = (const void *)((const char *)c + r->offset);
    if (list->count == 0)
        fprintf(out, "# %s =  # %s\n", r->name, r->meaning);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s = %s  # %s\n", r->name, list->items[i], r->meaning);
}

bool config_list_is_off(const struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], "off") == 0)
            return true;
    }
    return false;
}

void config_print(const struct config *c, FILE *out)
{
    bool has_file = file_exists(c->file);
    fprintf(out, "# settings of %s\n", has_file ? c->file : "no file, all defaults");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *r = &rows[i];
        if (r->kind == LIST) {
            print_list(c, r, out);
            continue;
        }
        if (r->kind == TEXT) {
            const char *text = (const char *)c + r->offset;
            fprintf(out, "%s%s = %s  # %s\n", text[0] == 0 ? "# " : "", r->name, text, r->meaning);
            continue;
        }
        int64_t v = read_number(c, r);
        const char *source = v == r->normal ? "default; " : "";
        if (r->kind == SWITCH)
            fprintf(out, "%s = %s  # %s%s\n", r->name, v != 0 ? "on" : "off", source, r->meaning);
        else if (r->kind == CHOICE)
            fprintf(out, "%s = %s  # %s%s\n", r->name, r->choices[v], source, r->meaning);
        else
            fprintf(out, "%s = %lld  # %s%s, %lld to %lld\n", r->name, (long long)v, source,
                    r->meaning, (long long)r->least, (long long)r->most);
    }
}

static bool is_weaker(const struct row *r, int64_t value)
{
    switch (r->weaker) {
    case NEITHER: return false;
    case LOWER: return value < r->normal;
    case HIGHER: return value > r->normal;
    case OTHER: return value != r->normal;
    }
    return false;
}

void config_each_loosened(const struct config *c, config_loosened_fn *tell, void *ctx)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (has_number(&rows[i]) && is_weaker(&rows[i], read_number(c, &rows[i])))
            tell(ctx, rows[i].name, read_number(c, &rows[i]), rows[i].normal);
    }
}

static void log_loosened(void *ctx, const char *name, int64_t value, int64_t normal)
{
    (void)ctx;
    log_event("config.loosened", "setting=%s value=%lld default=%lld", name, (long long)value,
              (long long)normal);
}

void config_log_loosened(const struct config *c)
{
    config_each_loosened(c, log_loosened, NULL);
}
