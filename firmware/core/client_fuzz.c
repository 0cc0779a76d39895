#include "firmware/include/oceanremote/client.h"

#include "tests/fake/machine.h"
#include "tests/fuzz.h"

static struct fake f;
static struct oc_client c;

/* Made once: a registered client with an open session, and the world it stands in. Both point at
 * the statics above, so they are put back in place. */
static struct fake fake_before;
static struct oc_client client_before;

/* The input answers the client's requests: a length byte, then as many bytes, and so on. Whatever
 * it says, the client lives, and once a real server is back it goes on as if nothing had been. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fake_before.monotonic_ms == 0) {
        fake_init(&f);
        fake_boot(&f, &c);
        fake_run(&f, &c, 1000);
        fake_before = f;
        client_before = c;
    }
    f = fake_before;
    c = client_before;
    c.report_is_due = true;
    for (size_t at = 0; at < size;) {
        size_t len = data[at] * 4U;
        at++;
        if (len > size - at)
            len = size - at;
        fake_force(&f, (const char *)data + at, len);
        fake_run(&f, &c, 11000);
        at += len;
    }
    fake_force(&f, NULL, 0);
    fake_run(&f, &c, 700000);
    FUZZ_CHECK(f.reported[0] == '{' && f.session > 0);
    return 0;
}
