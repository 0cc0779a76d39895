-- Every ban that is not over, in the order of addresses.
-- in:    now_ms int
-- out:   address blob, since_ms int, until_ms int, path text
-- rows:  many
-- index: none, at most BANS_MAX rows
SELECT address, since_ms, until_ms, path FROM ban WHERE until_ms > $1 ORDER BY address
