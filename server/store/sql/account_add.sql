-- A new account; a known address is a constraint error.
-- in:    email text, password text, is_admin int, is_active int, created_at_ms int
-- rows:  none
-- index: account.email
INSERT INTO account (email, password, is_admin, is_active, created_at_ms) VALUES ($1, $2, $3, $4, $5)
