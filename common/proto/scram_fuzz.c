#include "common/proto/scram.h"

#include <string.h>

#include "tests/fuzz.h"

/* Both ends wait in mid-exchange with fixed keys; the input plays the other end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nonce[SCRAM_NONCE_LEN] = {7};
    static const struct scram_verifier verifier = {.iterations = 4096};
    static const struct scram_client_keys keys;
    struct scram_exchange client;
    struct scram_exchange server;
    struct str input = str_from(data, size);
    struct str user;
    char text[SCRAM_MESSAGE_MAX];
    struct writer w = writer_into(text, sizeof text);
    FUZZ_CHECK(scram_client_first(&client, STR("dev_x"), nonce, &w) == OK);
    struct writer reply = writer_into(text, sizeof text);
    bool named = scram_server_user(input, &user) == OK;
    bool begun = scram_server_first(&server, input, &verifier, nonce, &reply) == OK;
    FUZZ_CHECK(named == begun && !reply.overflow);
    FUZZ_CHECK(scram_server_first(&server, STR("n,,n=dev_x,r=abc"), &verifier, nonce, &reply) ==
               OK);
    enum err e = scram_server_final(&server, input, &verifier, &reply);
    FUZZ_CHECK(e == ERR_PEER || e == ERR_DENIED || e == OK);
    e = scram_client_final(&client, input, verifier.salt, 4096, &keys, &reply);
    FUZZ_CHECK(e == ERR_PEER || e == ERR_DENIED || e == OK);
    if (e == OK)
        FUZZ_CHECK(scram_client_verify(&client, input, &keys) == ERR_DENIED);
    return 0;
}
