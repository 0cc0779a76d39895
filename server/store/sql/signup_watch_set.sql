-- The same, after another one.
-- in:    hour_begun_ms int, told int, untold int
-- rows:  none
-- index: signup_watch primary key
UPDATE signup_watch SET hour_begun_ms = $1, told = $2, untold = $3 WHERE only = 1
