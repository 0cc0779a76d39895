-- Forget a device; what belongs to it goes with it (ON DELETE CASCADE).
-- in:    account_id int, id int
-- rows:  none
-- index: device primary key
DELETE FROM device WHERE account_id = $1 AND id = $2
