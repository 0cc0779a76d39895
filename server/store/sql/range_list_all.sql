-- Every list with its networks, the oldest first.
-- out:   name text, kind text, source text, loaded_at_ms int, ranges blob
-- rows:  many
-- index: none; in the order of an index, so that nothing large is sorted
SELECT name, kind, source, loaded_at_ms, ranges FROM range_list ORDER BY loaded_at_ms
