/* libcurl, loaded by whoever goes outside and by nobody else.
 *
 * Owns:     the loaded library, for the life of the process.
 * Promise:  the program does not link it: no other process has its thirty libraries in memory, and
 *           a server without mail server and Turnstile never loads it.
 * Source:   libcurl's documentation; DECISIONS.md, "libcurl is loaded, not linked".
 * Watch:    before the sandbox: afterwards no memory becomes code. */
#ifndef OC_COURIER_CURL_LIB_H
#define OC_COURIER_CURL_LIB_H

#define CURL_DISABLE_TYPECHECK /* its macros stand in the way of a table of functions */
#include <curl/curl.h>

#include "common/base/err.h"

/* result, name in the library without curl_, parameters */
/* clang-format off */
#define CURL_FUNCTIONS(ROW)                                                                        \
    ROW(CURLcode,            global_init,           (long flags))                                  \
    ROW(CURL *,              easy_init,             (void))                                        \
    ROW(CURLcode,            easy_setopt,           (CURL *easy, CURLoption option, ...))          \
    ROW(CURLcode,            easy_perform,          (CURL *easy))                                  \
    ROW(CURLcode,            easy_getinfo,          (CURL *easy, CURLINFO info, ...))              \
    ROW(void,                easy_cleanup,          (CURL *easy))                                  \
    ROW(const char *,        easy_strerror,         (CURLcode code))                               \
    ROW(struct curl_slist *, slist_append,          (struct curl_slist *list, const char *text))   \
    ROW(void,                slist_free_all,        (struct curl_slist *list))                     \
    ROW(CURLM *,             multi_init,            (void))                                        \
    ROW(CURLMcode,           multi_setopt,          (CURLM *multi, CURLMoption option, ...))       \
    ROW(CURLMcode,           multi_add_handle,      (CURLM *multi, CURL *easy))                    \
    ROW(CURLMcode,           multi_remove_handle,   (CURLM *multi, CURL *easy))                    \
    ROW(CURLMcode,           multi_perform,         (CURLM *multi, int *running))                  \
    ROW(CURLMcode,           multi_poll,                                                           \
        (CURLM *multi, struct curl_waitfd *extra, unsigned count, int timeout_ms, int *ready))     \
    ROW(CURLMsg *,           multi_info_read,       (CURLM *multi, int *left))
/* clang-format on */

struct curl_lib {
#define CURL_MEMBER(result, name, parameters) result(*name) parameters;
    CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

/* ERR_NOT_FOUND: the machine has none that can be used; *problem says why. */
MUST_CHECK enum err curl_lib_load(struct curl_lib *out, const char **problem);

#endif
