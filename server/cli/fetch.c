#include "server/cli/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto/crypto.h"
#include "server/cli/command.h"
#include "server/cli/say.h"
#include "server/courier/curl_lib.h"

#define CONNECT_TIMEOUT_S 20
#define STALL_S           30 /* less than a byte a second for so long */

struct body {
    uint8_t *ptr; /* owned */
    size_t len, max;
    bool is_too_large;
};

/* One byte more than may be: to know that there is more. */
static enum err body_init(struct body *b, size_t max)
{
    *b = (struct body){.ptr = malloc(max + 1), .max = max};
    return b->ptr == NULL ? ERR_NO_MEMORY : OK;
}

static int refuse(const char *source, const char *why)
{
    fprintf(stderr, "oceanremote: %s: %s\n", source, why);
    return EXIT_REFUSED;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int read_file(const char *path, struct body *b)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "rb");
    if (in == NULL)
        return refuse(path, strerror(errno));
    b->len = fread(b->ptr, 1, b->max + 1, in);
    bool failed = ferror(in) != 0;
    if (!is_stdin)
        fclose(in);
    b->is_too_large = b->len > b->max;
    return failed ? refuse(path, "cannot be read") : EXIT_DONE;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static size_t take(char *ptr, size_t size, size_t count, void *ctx)
{
    struct body *b = ctx;
    (void)size; /* always 1 */
    if (count > b->max - b->len) {
        b->is_too_large = true;
        return 0; /* libcurl takes this for an error and stops */
    }
    memcpy(b->ptr + b->len, ptr, count);
    b->len += count;
    return count;
}

static bool set_up(const struct curl_lib *lib, CURL *easy, const char *url, const char *ca,
                   struct body *b)
{
    return lib->easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https") == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_MAXREDIRS, (long)FETCH_REDIRECTS) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           (ca == NULL || (lib->easy_setopt(easy, CURLOPT_CAINFO, ca) == CURLE_OK &&
                           lib->easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK)) &&
           lib->easy_setopt(easy, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_TIMEOUT, (long)FETCH_TIMEOUT_S) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_S) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)b->max) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_USERAGENT, "oceanremote/" OC_VERSION) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
           lib->easy_setopt(easy, CURLOPT_WRITEDATA, b) == CURLE_OK;
}

static int read_address(const char *url, const char *ca, struct body *b)
{
    struct curl_lib lib;
    const char *problem;
    if (curl_lib_load(&lib, &problem) != OK)
        return refuse("libcurl is needed for an address, and cannot be used", problem);
    CURL *easy = lib.easy_init();
    if (easy == NULL || !set_up(&lib, easy, url, ca, b)) {
        lib.easy_cleanup(easy);
        return refuse(url, "libcurl cannot do this");
    }
    CURLcode code = lib.easy_perform(easy);
    lib.easy_cleanup(easy);
    b->is_too_large = b->is_too_large || code == CURLE_FILESIZE_EXCEEDED;
    return code == CURLE_OK || b->is_too_large ? EXIT_DONE : refuse(url, lib.easy_strerror(code));
}

/* ---- either ---------------------------------------------------------------------------------- */

static int give(const char *source, struct body *b, int code, struct str *out)
{
    if (code == EXIT_DONE && b->is_too_large) {
        fprintf(stderr, "oceanremote: %s: larger than %zu bytes; nothing was stored\n", source,
                b->max);
        code = EXIT_REFUSED;
    }
    *out = str_from(b->ptr, b->len);
    if (code != EXIT_DONE)
        fetch_free(*out);
    return code;
}

int fetch_file(const char *path, size_t size_max, struct str *out)
{
    struct body b;
    if (body_init(&b, size_max) != OK)
        return say_refused("out of memory");
    return give(path, &b, read_file(path, &b), out);
}

int fetch(const char *source, const char *ca, size_t size_max, struct str *out)
{
    struct body b;
    if (strncmp(source, "http://", 7) == 0)
        return refuse(source, "only addresses that begin with https:// are fetched");
    if (strncmp(source, "https://", 8) != 0)
        return fetch_file(source, size_max, out);
    if (body_init(&b, size_max) != OK)
        return say_refused("out of memory");
    return give(source, &b, read_address(source, ca, &b), out);
}

void fetch_free(struct str text)
{
    uint8_t *ptr = (uint8_t *)(uintptr_t)text.ptr; /* ours, and const only as a view */
    wipe(ptr, text.len);
    free(ptr);
}
