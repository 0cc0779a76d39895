/* Does a running server keep what the security page promises?
 *
 * Owns:     struct prove: the connection, what was learnt, the findings.
 * Promise:  one table row of checks.c is one claim of the page (rows.c), one question, one small
 *           function. A question that was not asked is never answered "kept". Requests are bounded,
 *           come from one address, and slower than the page's own limits but where a limit is the
 *           question. The only lasting trace is an audit entry, and, where it was asked for, a ban
 *           that is lifted again.
 * Source:   SECURITY.md; the rows of the product's security page.
 * Watch:    the order of the table is the order of asking: what fills a limit comes after what
 *           would be disturbed by it. A check without a test that turns it red proves nothing:
 *           tests/integration/prove.test.mjs has one for each. */
#ifndef OC_PROVE_PROVE_H
#define OC_PROVE_PROVE_H

#include <stdio.h>
#include <sys/types.h>

#include "server/process/config.h"
#include "server/prove/wire.h"
#include "server/store/store.h"

enum verdict {
    KEPT,
    BROKEN,
    NOT_HERE, /* it cannot be seen from where we stand, or with what we were given */
    NOT_YET,  /* the product has it not */
    PARTLY,   /* of a row only: something is kept, and something was not asked or is not yet */
};
#define VERDICT_COUNT 4 /* of a finding */

#define FINDING_MAX   320

struct finding {
    enum verdict verdict;
    char text[FINDING_MAX]; /* printable ASCII */
};

struct prove;
struct check {
    const char *row;  /* of the page: "S1" */
    const char *name; /* what is claimed, as a sentence */
    /* NULL: always this verdict and note. Otherwise it finds out. */
    void (*run)(struct prove *p, const struct check *self, struct finding *f);
    enum verdict verdict;
    const char *note;
};
extern const struct check checks[];
extern const size_t check_count;
#define CHECKS_MAX 128

struct claim {
    const char *row;
    const char *text; /* the page's words, in one line */
};
extern const struct claim claims[];
extern const size_t claim_count;

/* A process of the server, found through DIR/lock. */
#define PROCESSES_MAX    80
#define PROCESS_NAME_MAX 16
struct process {
    pid_t pid;
    char name[PROCESS_NAME_MAX]; /* "edge" */
};

/* What is seen from the machine that the server runs on. */
struct inside {
    bool is_there; /* a data directory was given and can be read */
    const struct config *config;
    pid_t server; /* 0: no server uses it */
    struct process processes[PROCESSES_MAX];
    size_t process_count;
    char problem[160]; /* why there is nothing to see */
    /* Open the store, and reach nothing else from then on: called in a process of its own. */
    enum err (*open_store)(void *ctx, struct store **out);
    void *ctx;
};

#define COOKIE_MAX 512
#define ROWS_MAX   64 /* that a caller may choose */

struct prove {
    struct target target;
    struct inside inside;
    const char *plain, *legacy; /* HOST:PORT of further listeners; NULL: as the settings say */
    const char *rows[ROWS_MAX]; /* these only; none: all */
    size_t row_count;
    bool may_ban; /* the honeypot may be tried though nobody can lift the ban for us */
    const char *email;
    struct str password; /* empty: no account to sign in with */
    /* what we go on with */
    bool is_verified; /* the certificate is good: every connection from now on must show it */
    bool is_open;
    struct wire wire;
    struct answer answer;
    int64_t request_arrival_us, handshake_arrival_us; /* our own limits */
    char stranger[64];                                /* a mail address that nobody has */
    char bait[64]; /* a scanner's path that nobody else asks for */
    int64_t began_at_ms;
    char cookie[COOKIE_MAX], csrf[COOKIE_MAX]; /* of the account, empty before signing in */
    char set_cookie[COOKIE_MAX];
    bool has_filled_api, has_filled_logins; /* these limits have been tried */
    int refused_logins;                     /* of the stranger, answered 401 */
    int registrations_asked;
    int64_t registrations_since_ms; /* when the first of them was */
    char limited_api[ANSWER_HEAD_ROOM], limited_login[ANSWER_HEAD_ROOM]; /* heads of the 429s */
    struct finding findings[CHECKS_MAX];
};

/* Ask every question. ERR_IO: there is no server at the target; p->wire.problem says why. */
MUST_CHECK enum err prove_run(struct prove *p);

void prove_report_text(const struct prove *p, FILE *out);
MUST_CHECK enum err prove_report_json(const struct prove *p, FILE *out);
bool prove_has_row(const char *row);
bool prove_wants(const struct prove *p, const char *row);
size_t prove_count(const struct prove *p, enum verdict verdict);
enum verdict prove_row_verdict(const struct prove *p, const char *row);
const char *verdict_words(enum verdict v);

/* ---- for the checks -------------------------------------------------------------------------- */

#define FORMAT(at) __attribute__((format(printf, at, at + 1)))
void kept(struct finding *f, const char *format, ...) FORMAT(2);
void broken(struct finding *f, const char *format, ...) FORMAT(2);
void not_here(struct finding *f, const char *format, ...) FORMAT(2);

/* One request: fields is NULL or lines that end in CRLF; body NULL or JSON. */
struct question {
    const char *method, *path, *fields, *body;
};

/* Ask, at our pace, and wait when we are told that we ask too often, or that all are busy. False:
 * there was no answer, and f says so. The answer is p->answer, until the next question. */
bool ask(struct prove *p, const struct question *q, struct finding *f);

/* The same without patience: a 429 is an answer. */
bool ask_once(struct prove *p, const struct question *q, struct finding *f);

/* Every connection from now on must show a good certificate, if this one does. */
bool verify(struct prove *p);

/* Sign out again, if a check has signed in. */
void end_session(struct prove *p);

/* A connection of its own, at our pace. */
MUST_CHECK enum err open_wire(struct prove *p, struct wire *w, const struct wire_rules *rules);
void drop_wire(struct prove *p);

struct str request_text(const struct prove *p, const struct question *q, char *room, size_t cap);
void pause_ms(int64_t ms);
bool body_has(const struct answer *a, const char *text);

#define CHECK_FUNCTION(name) void name(struct prove *p, const struct check *self, struct finding *f)
CHECK_FUNCTION(check_settings);
CHECK_FUNCTION(check_file_modes);
CHECK_FUNCTION(check_password_hashes);
CHECK_FUNCTION(check_trail);
CHECK_FUNCTION(check_no_new_privileges);
CHECK_FUNCTION(check_system_calls);
CHECK_FUNCTION(check_capabilities);
CHECK_FUNCTION(check_users);
CHECK_FUNCTION(check_key_files);
CHECK_FUNCTION(check_core_dumps);
CHECK_FUNCTION(check_tls13);
CHECK_FUNCTION(check_old_tls);
CHECK_FUNCTION(check_suites);
CHECK_FUNCTION(check_groups);
CHECK_FUNCTION(check_certificate);
CHECK_FUNCTION(check_hsts);
CHECK_FUNCTION(check_plain);
CHECK_FUNCTION(check_legacy);
CHECK_FUNCTION(check_page_fields);
CHECK_FUNCTION(check_file_fields);
CHECK_FUNCTION(check_api_fields);
CHECK_FUNCTION(check_refusal_fields);
CHECK_FUNCTION(check_not_found_fields);
CHECK_FUNCTION(check_method_fields);
CHECK_FUNCTION(check_malformed_fields);
CHECK_FUNCTION(check_policy);
CHECK_FUNCTION(check_no_version);
CHECK_FUNCTION(check_trace);
CHECK_FUNCTION(check_foreign_origin);
CHECK_FUNCTION(check_foreign_site);
CHECK_FUNCTION(check_csrf_token);
CHECK_FUNCTION(check_routes_closed);
CHECK_FUNCTION(check_routes_made_up);
CHECK_FUNCTION(check_unknown_paths);
CHECK_FUNCTION(check_no_explorer);
CHECK_FUNCTION(check_made_up_token);
CHECK_FUNCTION(check_proof_of_work);
CHECK_FUNCTION(check_common_password);
CHECK_FUNCTION(check_made_up_link);
CHECK_FUNCTION(check_secrets_at_rest);
CHECK_FUNCTION(check_factors);
CHECK_FUNCTION(check_wrong_code);
CHECK_FUNCTION(check_session_list);
CHECK_FUNCTION(check_session_renewal);
CHECK_FUNCTION(check_strange_device);
CHECK_FUNCTION(check_cookie);
CHECK_FUNCTION(check_sign_out);
CHECK_FUNCTION(check_same_answer);
CHECK_FUNCTION(check_connections);
CHECK_FUNCTION(check_api_rate);
CHECK_FUNCTION(check_login_rate);
CHECK_FUNCTION(check_registration_rate);
CHECK_FUNCTION(check_api_429);
CHECK_FUNCTION(check_login_429);
CHECK_FUNCTION(check_honeypot);

#endif
