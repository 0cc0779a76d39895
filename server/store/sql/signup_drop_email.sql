-- No sign-up of this address waits any more.
-- in:    email text
-- rows:  none
-- index: signup_email
DELETE FROM signup WHERE email = $1
