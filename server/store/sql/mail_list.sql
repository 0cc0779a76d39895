-- The queue for whoever runs the server, oldest first.
-- out:   id int, kind text, recipient text, created_at_ms int, expires_at_ms int, attempts int, next_attempt_at_ms int, failed_at_ms int, error text
-- rows:  many
-- index: none, all of it
SELECT id, kind, recipient, created_at_ms, expires_at_ms, attempts, next_attempt_at_ms, failed_at_ms, error
FROM mail ORDER BY id
