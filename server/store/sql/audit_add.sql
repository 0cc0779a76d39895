-- One entry, in the transaction of what it tells about.
-- in:    at_ms int, account_id int, event text, subject text, peer blob, detail text
-- rows:  none
-- index: audit primary key
INSERT INTO audit (at_ms, account_id, event, subject, peer, detail) VALUES ($1, $2, $3, $4, $5, $6)
