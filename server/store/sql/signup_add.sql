-- Somebody has registered; in dispute when what waits already for the address is.
-- in:    email text, password text, peer blob, created_at_ms int, expires_at_ms int
-- rows:  none
-- index: none
INSERT INTO signup (email, password, peer, created_at_ms, expires_at_ms, is_disputed)
VALUES ($1, $2, $3, $4, $5, (SELECT coalesce(max(is_disputed), 0) FROM signup WHERE email = $1))
