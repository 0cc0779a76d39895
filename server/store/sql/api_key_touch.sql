-- The key is in use.
-- in:    id int, at_ms int
-- rows:  none
-- index: api_key primary key
UPDATE api_key SET last_used_at_ms = $2 WHERE id = $1
