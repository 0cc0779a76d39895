/* The test groups that run on bare metal; the sources are listed in tests/device32/run.
 *
 * Owns:     nothing; no include guard on purpose, main.c expands it twice.
 * Promise:  none.
 * Source:   the "X macro" habit.
 * Watch:    a group listed here and not built fails the link, which is the point. */
GROUP(arena)
GROUP(client)
GROUP(crypto)
GROUP(decimal)
GROUP(device_messages)
GROUP(encoding)
GROUP(http_answer)
GROUP(identity)
GROUP(journal)
GROUP(json)
GROUP(reader)
GROUP(scram)
GROUP(str)
GROUP(writer)
