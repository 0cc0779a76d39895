/* Whatever an edge sends, only TLS is signed. */
#include "server/pki/signer.h"

#include <string.h>

#include <openssl/ec.h>

#include "tests/fuzz.h"

static struct signer signer;

static void make_keys(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256"), *legacy = EVP_EC_gen("P-256");
    FUZZ_CHECK(signer_add(&signer, key, SIGNER_TLS_1_3) == OK);
    FUZZ_CHECK(signer_add(&signer, legacy, SIGNER_TLS_1_2) == OK);
    EVP_PKEY_free(key);
    EVP_PKEY_free(legacy);
    /* Names that an input can hit. */
    memset(signer.keys[0].name, 'A', SIGNING_KEY_LEN);
    memset(signer.keys[1].name, 'B', SIGNING_KEY_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct signing_requests requests;
    static struct signing_answers answers;
    static uint8_t room[SIGNING_BATCH_MAX * SIGNING_ANSWER_MAX];
    static int64_t now_ms;
    struct writer w = writer_into(room, sizeof room);
    struct str message = str_from(data, size);
    if (signer.key_count == 0)
        make_keys();
    now_ms += 1000;
    if (signer_answer(&signer, 0, now_ms, message, &w) != OK) {
        FUZZ_CHECK(w.len == 0);
        return 0;
    }
    FUZZ_CHECK(signing_requests_take(message, &requests) == OK);
    if (w.len == 0)
        return 0;
    FUZZ_CHECK(signing_answers_take(str_from(room, w.len), &answers) == OK);
    for (size_t i = 0, k = 0; i < requests.count && k < answers.count; i++) {
        bool is_first = requests.of[i].key[0] == 'A';
        if (memcmp(requests.of[i].key, signer.keys[is_first ? 0 : 1].name, SIGNING_KEY_LEN) != 0)
            continue;
        enum signer_form form = is_first ? SIGNER_TLS_1_3 : SIGNER_TLS_1_2;
        FUZZ_CHECK(answers.of[k].id == requests.of[i].id);
        FUZZ_CHECK((answers.of[k].signature.len > 0) ==
                   signer_accepts(form, requests.of[i].content));
        k++;
    }
    return 0;
}
