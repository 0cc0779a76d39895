/* The one error model.
 *
 * Owns:     nothing.
 * Promise:  a code names what the caller can do next, never the story; zero is success.
 * Source:   DECISIONS.md, "One closed set of error codes".
 * Watch:    adding a code means adding its row to server/api/problem.c and to err_name(). */
#ifndef OC_BASE_ERR_H
#define OC_BASE_ERR_H

enum err {
    OK = 0,
    ERR_AGAIN,     /* not now; try again when told or later */
    ERR_PEER,      /* the other side sent what its protocol forbids */
    ERR_DENIED,    /* known and refused, or unknown: one answer on purpose */
    ERR_NOT_FOUND, /* no such thing for this owner */
    ERR_CONFLICT,  /* the state does not allow it */
    ERR_LIMIT,     /* a named bound was reached */
    ERR_NO_MEMORY, /* no room in the caller's memory or the heap */
    ERR_IO,        /* the machine below us failed: disk, socket, process */
    ERR_CORRUPT,   /* what we stored ourselves does not read back */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* The only macro that returns. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        enum err try_err_ = (expr);                                                                \
        if (try_err_ != OK)                                                                        \
            return try_err_;                                                                       \
    } while (0)

/* A stable lower-case name for logs, "ok" for OK. */
const char *err_name(enum err e);

#endif
