/* Every bound of this room, with its reason. */
#ifndef OC_DOMAIN_LIMITS_H
#define OC_DOMAIN_LIMITS_H

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   INT64_C(3600000)
#define DAY_MS    INT64_C(86400000)

/* owners */
#define EMAIL_MAX                254 /* RFC 5321 section 4.5.3.1.3, less the brackets */
#define PASSWORD_MIN             12
#define PASSWORD_MAX             256
#define API_KEYS_PER_OWNER       50
#define API_KEY_NAME_MAX         64
#define DEVICES_PER_OWNER        50000
#define SESSION_IDLE_MS          DAY_MS
#define SESSION_ABSOLUTE_MS      (14 * DAY_MS)
#define SESSION_TOUCH_MS         MINUTE_MS /* how stale "last used" may be: one write a minute */
#define SESSION_ROTATE_MS        HOUR_MS   /* of use, then the cookie is another one */
#define SESSION_OVERLAP_MS       MINUTE_MS /* the one before goes on so long */
#define SESSIONS_PER_OWNER       100
#define CONFIRMED_MS             (10 * MINUTE_MS) /* how long a proof of who sits there lasts */

#define KNOWN_BROWSER_MS         (180 * DAY_MS)
#define KNOWN_BROWSERS_PER_OWNER 20
#define API_KEY_DAYS_MAX         3650
#define AUDIT_PAGE               50

/* second factors */
#define RECOVERY_CODES     10
#define PASSKEYS_PER_OWNER 20
#define PASSKEY_NAME_MAX   64
#define TOTP_PENDING_MS    HOUR_MS         /* from showing a seed to its first code */
#define PASSKEY_ASKED_MS   (5 * MINUTE_MS) /* from asking an authenticator to its answer */

/* mail */
#define MAILS_MAX           10000 /* waiting; more are not accepted */
#define MAILS_RESERVE       1000  /* of them: for what strangers cannot cause */
#define MAILS_FAILED_MAX    1000  /* given up and still shown; then the oldest goes */
#define MAIL_FAILED_MS      (7 * DAY_MS)
#define MAIL_LOST_MS        INT64_C(2000) /* the courier has ended: it is no fault of the mail, */
#define MAIL_LOST_MAX       3             /* unless it happens again and again */
#define MAIL_DETAIL_MAX     512
#define MAIL_MS             (3 * DAY_MS)
#define MAIL_TOKEN_MS       DAY_MS
#define MAIL_TOKEN_RESET_MS HOUR_MS

/* people who are not signed in */
#define SIGNUPS_MAX          10000 /* waiting to be confirmed */
#define SIGNUPS_PER_ADDRESS  3
#define SIGNUP_MS            DAY_MS
#define FORM_LEAST_MS        INT64_C(3000) /* nobody types faster */
#define FORM_MOST_MS         HOUR_MS
#define MAILS_ASKED_PER_HOUR 3     /* of a kind, to one address */
#define MAILS_ASKED_MAX      20000 /* in an hour, to everybody */

/* devices */
#define DEVICE_NAME_MAX       64
#define BOARD_NAME_MAX        32
#define REGISTRATION_TOKEN_MS DAY_MS
#define REGISTRATION_RETRY_MS HOUR_MS /* a lost answer may be asked for again */
#define DEVICE_SESSION_S      3600
#define DEVICE_RENEW_S        2700
#define DEVICE_SESSIONS_MAX   4 /* overlap while renewing, and a retry or two */
#define EXCHANGE_MS           INT64_C(10000)
#define EXCHANGES_MAX         4096
#define SCRAM_ITERATIONS      4096 /* the key has 256 bits: more would buy nothing */
#define INTERVAL_S_MIN        1
#define INTERVAL_S_MAX        3600

/* accounts that are no more go in slices, four a second */
#define PURGE_MINUTES 4096 /* about 10 ms */
#define PURGE_DEVICES 64

/* readings */
#define METRICS_PER_DEVICE 64
#define BATCH_IDS_KEPT     32
#define CLOCK_AHEAD_MS     (5 * MINUTE_MS)
#define READING_AGE_MAX_MS (31 * DAY_MS)
#define POINTS_MAX         5000
#define RAW_WINDOW_MS      (2 * HOUR_MS)
#define RAW_AGE_MS         (3 * HOUR_MS)

#endif
