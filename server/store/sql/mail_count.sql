-- How many mails wait to leave.
-- out:   count int
-- rows:  one
-- index: mail_due
SELECT count(*) FROM mail WHERE failed_at_ms = 0
