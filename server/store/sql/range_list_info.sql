-- Every list, without its networks.
-- out:   name text, kind text, source text, loaded_at_ms int, networks int, providers int
-- rows:  many
-- index: none, at most RANGE_LISTS_MAX rows
SELECT name, kind, source, loaded_at_ms, networks, providers FROM range_list ORDER BY name
