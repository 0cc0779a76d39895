-- Housekeeping: what was long ago, or is said to be still to come because the clock was set back.
-- in:    until_ms int, now_ms int
-- rows:  none
-- index: none; the table is small
DELETE FROM mail_asked WHERE at_ms <= $1 OR at_ms > $2
