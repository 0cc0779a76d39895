-- A slice of the devices of an account that is no more, with what belongs to them (ON DELETE CASCADE).
-- in:    account_id int, at_most int
-- rows:  none
-- index: device_account
DELETE FROM device WHERE id IN (SELECT id FROM device WHERE account_id = $1 LIMIT $2)
