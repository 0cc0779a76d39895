-- A seed that is being shown; the one before that was never used is gone.
-- in:    account_id int, sealed blob, now_ms int
-- rows:  none
-- index: second_factor primary key
INSERT INTO second_factor (account_id, pending_sealed, pending_at_ms) VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE SET pending_sealed = excluded.pending_sealed, pending_at_ms = excluded.pending_at_ms
