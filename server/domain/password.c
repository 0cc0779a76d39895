#include "server/domain/password.h"

#include "common/base/encoding.h"
#include "common/crypto/crypto.h"

struct parsed {
    uint32_t iterations;
    struct str salt;
    uint8_t hash[SHA256_LEN];
};

static enum err parse(struct str stored, struct parsed *out)
{
    struct str algorithm, count, salt, hash;
    struct parsed p = {0};
    uint64_t iterations = 0;
    size_t len = 0;
    if (!str_cut(stored, '$', &algorithm, &stored) || !str_cut(stored, '$', &count, &stored) ||
        !str_cut(stored, '$', &salt, &hash) || !str_eq(algorithm, STR("pbkdf2_sha256")) ||
        str_u64(count, PASSWORD_ITERATIONS_MAX, &iterations) != OK || iterations == 0 ||
        salt.len == 0 || salt.len > PASSWORD_SALT_MAX ||
        base64_read(hash, p.hash, sizeof p.hash, &len) != OK || len != sizeof p.hash)
        return ERR_CORRUPT;
    p.iterations = (uint32_t)iterations;
    p.salt = salt;
    *out = p;
    return OK;
}

void password_hash(struct str password, struct str salt, uint32_t iterations, struct writer *out)
{
    uint8_t hash[SHA256_LEN];
    pbkdf2_sha256(password, salt, iterations, hash);
    writer_str(out, STR("pbkdf2_sha256$"));
    writer_decimal(out, iterations);
    writer_u8(out, '$');
    writer_str(out, salt);
    writer_u8(out, '$');
    base64_write(out, str_from(hash, sizeof hash));
    wipe(hash, sizeof hash);
}

enum err password_matches(struct str stored, struct str password)
{
    struct parsed p;
    uint8_t hash[SHA256_LEN];
    TRY(parse(stored, &p));
    pbkdf2_sha256(password, p.salt, p.iterations, hash);
    bool same = str_eq_secret(str_from(hash, sizeof hash), str_from(p.hash, sizeof p.hash));
    wipe(hash, sizeof hash);
    wipe(&p, sizeof p);
    return same ? OK : ERR_DENIED;
}

uint32_t password_iterations_of(struct str stored)
{
    struct parsed p;
    return parse(stored, &p) == OK ? p.iterations : 0;
}

bool password_needs_rehash(struct str stored, uint32_t iterations)
{
    struct parsed p;
    return parse(stored, &p) != OK || p.iterations < iterations;
}

/* 256 zero bits: nobody finds what gives them. */
#define UNUSABLE STR("$decoydecoydecoydecoyde$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")

struct str password_unusable(uint32_t iterations, uint8_t out[static PASSWORD_HASH_TEXT_MAX])
{
    struct writer w = writer_into(out, PASSWORD_HASH_TEXT_MAX);
    writer_str(&w, STR("pbkdf2_sha256$"));
    writer_decimal(&w, iterations);
    writer_str(&w, UNUSABLE);
    return str_from(out, w.len);
}

bool password_is_unusable(struct str stored)
{
    return str_ends(stored, UNUSABLE);
}
