-- One more.
-- in:    recipient text, kind text, at_ms int
-- rows:  none
-- index: none
INSERT INTO mail_asked (recipient, kind, at_ms) VALUES ($1, $2, $3)
