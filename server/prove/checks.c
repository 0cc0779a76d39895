/* Every question, in the order in which they are asked.
 *
 * Owns:     nothing.
 * Promise:  see prove.h.
 * Source:   SECURITY.md.
 * Watch:    first what only looks, then what asks within all limits, then what fills a limit, and
 *           last what bans us. */
#include "server/prove/prove.h"

#define ASK(row, name, function)                                                                   \
    {                                                                                              \
        row, name, function, NOT_HERE, NULL                                                        \
    }
#define WAITS(row, name, function)                                                                 \
    {                                                                                              \
        row, name, function, NOT_YET, NULL                                                         \
    }
#define CANNOT(row, name, note)                                                                    \
    {                                                                                              \
        row, name, NULL, NOT_HERE, note                                                            \
    }
#define MISSING(row, name, note)                                                                   \
    {                                                                                              \
        row, name, NULL, NOT_YET, note                                                             \
    }

const struct check checks[] = {
    /* ---- what nothing here can see, and what does not exist ---- */
    CANNOT("P1", "each layer holds alone", "the rows below ask each layer by itself"),
    CANNOT("P2", "the core believes no edge", "needs a forged edge; its tests do that"),
    CANNOT("D1", "the device refuses a wrong authority",
           "is on the device's side; its tests do that"),
    CANNOT("D2", "a token works once and for 24 hours", "needs a token of yours"),
    CANNOT("D3", "the server keeps verifiers only", "needs a device's record; its tests do that"),
    CANNOT("D4", "another MAC ends the session", "needs an enrolled device"),
    CANNOT("D8", "a device that asks too often gets 429", "needs an enrolled device"),
    CANNOT("A2", "what another owner has is 404", "needs two accounts; its tests do that"),
    CANNOT("U2", "an account works once its link was clicked",
           "needs a mailbox; its tests do that"),
    CANNOT("M2", "the admin is told of a data centre", "needs one; its tests do that"),
    MISSING("S1", "certificates of Let's Encrypt", "the authority is the server's own"),
    MISSING("S3", "the admin panel", "there is none"),
    MISSING("S5", "PostgreSQL", "the database is SQLite, which only the core opens"),
    MISSING("S6", "backups", "copy the data directory while the server is stopped"),
    CANNOT("U5", "a session changes its id every 60 minutes",
           "takes an hour of use; its tests do that"),
    MISSING("D5", "signed updates", "belong to the ESP ports"),
    MISSING("D6", "the watchdog", "belongs to the ESP ports"),
    MISSING("D7", "the set-up portal", "belongs to the ESP ports"),
    MISSING("M1", "hash chain and checkpoints", "the trail is written, not yet sealed"),
    MISSING("M3", "the trail of admin access", "there is no admin panel"),
    /* ---- what the machine shows: settings, files, processes ---- */
    ASK("P3", "no other setting is loosened", check_settings),
    ASK("S1", "no setting loosens it", check_settings),
    ASK("S2", "no setting loosens it", check_settings),
    WAITS("S3", "no setting loosens it", check_settings),
    ASK("S5", "no setting loosens it", check_settings),
    ASK("U1", "no setting loosens it", check_settings),
    ASK("U3", "no setting loosens it", check_settings),
    ASK("U6", "no setting loosens it", check_settings),
    ASK("D8", "no setting loosens it", check_settings),
    ASK("A4", "no setting loosens it", check_settings),
    ASK("M4", "no setting loosens it", check_settings),
    ASK("P3", "keys and data are for the server alone", check_file_modes),
    ASK("process", "a child cannot gain rights", check_no_new_privileges),
    ASK("process", "a child makes only the system calls on its list", check_system_calls),
    ASK("process", "a child has no capability", check_capabilities),
    ASK("process", "each kind of child is another user than root", check_users),
    ASK("process", "only the keyring has key files open", check_key_files),
    ASK("process", "nothing ends in a core file", check_core_dumps),
    /* ---- hello ---- */
    ASK("S1", "TLS 1.3 is spoken", check_tls13),
    ASK("S1", "the certificate is good and names this host", check_certificate),
    ASK("S1", "older versions are refused", check_old_tls),
    ASK("S1", "only strong suites", check_suites),
    ASK("S1", "only X25519 and P-256", check_groups),
    ASK("S1", "the plain listener redirects pages and refuses credentials", check_plain),
    ASK("S1", "TLS 1.2 is for old devices alone, if at all", check_legacy),
    /* ---- within all limits ---- */
    ASK("S1", "HSTS for a year, subdomains included", check_hsts),
    ASK("S4", "on a page", check_page_fields),
    ASK("S4", "on a file", check_file_fields),
    ASK("S4", "on an answer of the API", check_api_fields),
    ASK("S4", "on a 401", check_refusal_fields),
    ASK("S4", "on a 404", check_not_found_fields),
    ASK("S4", "on a 405", check_method_fields),
    ASK("S4", "on a request that cannot be read", check_malformed_fields),
    ASK("S4", "pages run only scripts of ours, with Trusted Types", check_policy),
    ASK("S4", "no answer tells program or version", check_no_version),
    ASK("S4", "TRACE and unknown methods are refused", check_trace),
    ASK("A1", "every route without a credential", check_routes_closed),
    ASK("A1", "every route with a made-up credential", check_routes_made_up),
    ASK("A1", "paths that are none are 404", check_unknown_paths),
    ASK("A3", "no explorer answers", check_no_explorer),
    ASK("D2", "a made-up token is refused", check_made_up_token),
    /* ---- accounts: both tries of a registration count ---- */
    ASK("U1", "a registration without its proof of work is refused", check_proof_of_work),
    ASK("S5", "a common password is refused", check_common_password),
    ASK("U2", "a made-up link confirms nothing", check_made_up_link),
    /* ---- sign-ins: five a minute, the two of a forger included ---- */
    ASK("U5", "the cookie is locked down", check_cookie),
    ASK("S4", "a change without its CSRF token is refused", check_csrf_token),
    ASK("U5", "its owner sees the session in a list", check_session_list),
    ASK("U5", "proving who one is changes the id", check_session_renewal),
    ASK("A2", "a device that is not ours is 404", check_strange_device),
    ASK("U4", "apps, passkeys and recovery codes", check_factors),
    ASK("U4", "a wrong code turns nothing on", check_wrong_code),
    ASK("U5", "signing out ends the session", check_sign_out),
    ASK("U6", "known and unknown accounts are answered alike", check_same_answer),
    ASK("S4", "a sign-in from another origin is refused", check_foreign_origin),
    ASK("S4", "a sign-in that another site sent is refused", check_foreign_site),
    /* ---- limits ---- */
    ASK("S2", "the 11th connection is refused", check_connections),
    ASK("S2", "the API answers 20 requests a second", check_api_rate),
    ASK("A4", "an excess of requests is told when to come back", check_api_429),
    ASK("S2", "the 6th sign-in in a minute is refused", check_login_rate),
    ASK("U6", "an excess of sign-ins is told when to come back", check_login_429),
    ASK("S2", "the 3rd registration in a minute is refused", check_registration_rate),
    /* ---- the store, and what bans us ---- */
    ASK("S5", "every password hash is strong enough", check_password_hashes),
    ASK("U2", "links, sessions, keys and tokens rest as digests", check_secrets_at_rest),
    ASK("M1", "our refused sign-in is in the trail", check_trail),
    ASK("M4", "a scanner's path is answered, logged, and bans", check_honeypot),
};
const size_t check_count = sizeof checks / sizeof checks[0];
_Static_assert(sizeof checks / sizeof checks[0] <= CHECKS_MAX, "prove.h: CHECKS_MAX");
