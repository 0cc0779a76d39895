-- Of an address, the newest stay.
-- in:    email text, at_most int
-- rows:  none
-- index: signup_email
DELETE FROM signup WHERE email = $1
  AND id NOT IN (SELECT id FROM signup WHERE email = $1 ORDER BY id DESC LIMIT $2)
