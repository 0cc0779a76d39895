-- A list in place of the one of that name.
-- in:    name text, kind text, source text, loaded_at_ms int, networks int, providers int, ranges blob
-- rows:  none
-- index: range_list.name
INSERT INTO range_list (name, kind, source, loaded_at_ms, networks, providers, ranges)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, source = excluded.source, loaded_at_ms = excluded.loaded_at_ms,
    networks = excluded.networks, providers = excluded.providers, ranges = excluded.ranges
