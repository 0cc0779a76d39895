-- A network that is never banned.
-- in:    first blob, last blob, text text
-- rows:  none
-- index: ban_exemption primary key
INSERT INTO ban_exemption (first, last, text) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
