-- The newest sign-up of an address, if its time is not over.
-- in:    email text, now_ms int
-- out:   id int, password text
-- rows:  one
-- index: signup_email
SELECT id, password FROM signup WHERE email = $1 AND expires_at_ms > $2 ORDER BY id DESC LIMIT 1
