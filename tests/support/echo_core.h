/* A core that knows nothing: it answers an edge by what the path asks for.
 *
 * Owns:     its link.
 * Promise:  speaks the frames of server/ipc/frame.h with the real link; remembers no account.
 * Source:   server/ipc/frame.h.
 * Watch:    a process of its own, ended by its pid, so that a test can let the core die.
 *
 *   /api/echo            200, the body as it came
 *   /api/big             200, ECHO_BIG_LEN bytes
 *   /api/hold            HELD; 204 at RELEASE
 *   /api/known           200, as device 1
 *   /nowhere             404
 *   /api/never           no answer
 *   /api/stream          STREAM and one event, then nothing until GONE
 *   /api/stream?end      STREAM, one event, STREAM_END
 *   /api/stream?flood    STREAM and events without end, until GONE
 *   /api/counts          200, "gone=N release=N" as heard so far
 *   /healthz             200
 *   /api/bad             a frame that breaks the protocol
 *   anything else        204 */
#ifndef OC_TESTS_ECHO_CORE_H
#define OC_TESTS_ECHO_CORE_H

#define ECHO_BIG_LEN 1000000

/* Serve until the link is closed; fd is given. */
void echo_core_serve(int fd);

#endif
