-- How many mails of a kind were caused for an address since then.
-- in:    recipient text, kind text, since_ms int
-- out:   count int
-- rows:  one
-- index: mail_asked_recipient
SELECT count(*) FROM mail_asked WHERE recipient = $1 AND kind = $2 AND at_ms > $3
