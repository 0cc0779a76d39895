#include "server/courier/curl_lib.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* A function pointer through the one conversion that ISO C allows: its bytes. */
static bool find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

enum err curl_lib_load(struct curl_lib *out, const char **problem)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    bool is_whole = library != NULL;
#define CURL_FIND(result, name, parameters)                                                        \
    is_whole = is_whole && find(library, "curl_" #name, &out->name);
    CURL_FUNCTIONS(CURL_FIND)
#undef CURL_FIND
    *problem = is_whole ? NULL : dlerror();
    if (!is_whole)
        return ERR_NOT_FOUND;
    if (out->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        return OK;
    *problem = "it cannot begin";
    return ERR_NOT_FOUND;
}
