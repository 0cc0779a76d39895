#include "common/base/err.h"

const char *err_name(enum err e)
{
    switch (e) {
    case OK: return "ok";
    case ERR_AGAIN: return "again";
    case ERR_PEER: return "peer";
    case ERR_DENIED: return "denied";
    case ERR_NOT_FOUND: return "not_found";
    case ERR_CONFLICT: return "conflict";
    case ERR_LIMIT: return "limit";
    case ERR_NO_MEMORY: return "no_memory";
    case ERR_IO: return "io";
    case ERR_CORRUPT: return "corrupt";
    }
    return "unknown";
}
