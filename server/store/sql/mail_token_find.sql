-- What a link in a mail is for, if its time is not over.
-- in:    digest blob, now_ms int
-- out:   purpose int, subject_id int, email text
-- rows:  one
-- index: mail_token primary key
SELECT purpose, subject_id, email FROM mail_token WHERE digest = $1 AND expires_at_ms > $2
