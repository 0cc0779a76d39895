-- No longer so.
-- in:    first blob, last blob
-- rows:  none
-- index: ban_exemption primary key
DELETE FROM ban_exemption WHERE first = $1 AND last = $2
