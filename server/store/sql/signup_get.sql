-- The sign-up that a link is for, if its time is not over.
-- in:    id int, now_ms int
-- out:   email text, password text, is_disputed int
-- rows:  one
-- index: signup primary key
SELECT email, password, is_disputed FROM signup WHERE id = $1 AND expires_at_ms > $2
