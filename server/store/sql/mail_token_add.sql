-- The token of a link in a mail.
-- in:    digest blob, purpose int, subject_id int, email text, expires_at_ms int
-- rows:  none
-- index: mail_token primary key
INSERT INTO mail_token (digest, purpose, subject_id, email, expires_at_ms) VALUES ($1, $2, $3, $4, $5)
