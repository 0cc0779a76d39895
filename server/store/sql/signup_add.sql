-- Somebody has registered.
-- in:    email text, password text, peer blob, created_at_ms int, expires_at_ms int
-- rows:  none
-- index: none
INSERT INTO signup (email, password, peer, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4, $5)
