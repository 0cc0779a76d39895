/* Users of a Django site, as its own tools write them out.
 *
 * Owns:     nothing; what a user says is good until the next one.
 * Promise:  bounded in size and number; what is no dump is refused with the place. Nothing of a
 * user is judged here but its form. Source:   `manage.py dumpdata auth.user` of Django 3.2 (a JSON
 * array of model, pk, fields); CSV with a line of names as PostgreSQL's COPY, SQLite's .mode csv
 * and spreadsheets write it. Watch:    strangers chose the names and addresses: they are not yet
 * known to be text that may be shown. */
#ifndef OC_DOMAIN_DJANGO_H
#define OC_DOMAIN_DJANGO_H

#include "common/wire/csv.h"
#include "common/wire/json.h"

#define DJANGO_SIZE_MAX  (64 * 1024 * 1024)
#define DJANGO_USERS_MAX 100000
#define DJANGO_FIELDS    32          /* of a line of CSV */
#define DJANGO_SCRATCH   (64 * 1024) /* unescaped text of one user */

struct django_user {
    struct str email, username, password;
    int64_t joined_at_ms; /* 0: not said, or not in a form we know */
    bool is_active, is_superuser, is_staff;
};

enum django_format {
    DJANGO_GUESS, /* JSON if it begins like an array */
    DJANGO_JSON,
    DJANGO_CSV,
};

enum django_column {
    COLUMN_EMAIL,
    COLUMN_USERNAME,
    COLUMN_PASSWORD,
    COLUMN_ACTIVE,
    COLUMN_SUPERUSER,
    COLUMN_STAFF,
    COLUMN_JOINED,
    COLUMN_COUNT,
};

struct django_file {
    enum django_format format;
    struct str model; /* of a JSON dump: others are passed by */
    struct json json;
    struct csv csv;
    size_t columns[COLUMN_COUNT]; /* which field of a line it is; DJANGO_FIELDS: none */
    size_t column_count;
    unsigned users;  /* read so far */
    unsigned place;  /* of the last one: line of CSV, place in the array of JSON */
    const char *why; /* of the last failure, about that place; NULL: its form */
    uint8_t scratch[DJANGO_SCRATCH];
};

/* ERR_PEER: neither form, or names of columns are missing. */
MUST_CHECK enum err django_open(struct django_file *f, struct str text, enum django_format format,
                                struct str model);

/* ERR_NOT_FOUND: there is no other. ERR_PEER: it cannot be read; ERR_LIMIT: one too many. */
MUST_CHECK enum err django_next(struct django_file *f, struct django_user *out);

/* "2021-03-04T05:06:07.089Z", "2021-03-04 05:06:07+02:00". 0: not such a time. */
int64_t django_time(struct str text);

#endif
