-- An owner's trail before this entry, newest first.
-- in:    account_id int, before_id int, max int
-- out:   id int, at_ms int, event text, subject text, peer blob, detail text
-- rows:  many
-- index: audit_account
SELECT id, at_ms, event, subject, peer, detail FROM audit WHERE account_id = $1 AND id < $2
ORDER BY id DESC LIMIT $3
