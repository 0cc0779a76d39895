/* The courier process: the only one with sockets to the outside.
 *
 * Owns:     libcurl and what it calls, DIR/mail; see server/courier.
 * Promise:  does what the core gives it and says what became of it, nothing else. What it is told
 *           by strangers outside reaches nobody but as one of three answers and a line of text.
 * Source:   ARCHITECTURE.md: what each process gives up.
 * Watch:    started by the parent as `oceanremote courier` with its control socket as CONTROL_FD.
 */
#ifndef OC_PROCESS_COURIER_H
#define OC_PROCESS_COURIER_H

#include "common/base/str.h"
#include "common/base/writer.h"

struct courier_config {
    uint32_t uid;         /* to become; 0: stay who we are */
    struct str mail_dir;  /* for mails when there is no server to take them */
    struct str smtp_host; /* empty: none */
    uint16_t smtp_port;   /* 0: 465 when tls_at_once, else 587 */
    bool smtp_tls_at_once;
    struct str smtp_user, smtp_password_file; /* empty: none */
    struct str ca_file;                       /* empty: the system's */
    struct str turnstile_secret_file;         /* empty: no Turnstile */
    struct str turnstile_url;                 /* empty: Cloudflare's */
};

void courier_config_write(struct writer *w, const struct courier_config *c);
MUST_CHECK enum err courier_config_read(struct str payload, struct courier_config *out);

/* Does not return before the process should end; the value is its exit code. */
int courier_main(void);

#endif
