-- A pending device.
-- in:    public_id text, account_id int, name text, board text, created_at_ms int
-- rows:  none
-- index: device.public_id
INSERT INTO device (public_id, account_id, name, board, created_at_ms) VALUES ($1, $2, $3, $4, $5)
