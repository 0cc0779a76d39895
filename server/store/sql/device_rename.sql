-- The owner's name for a device.
-- in:    account_id int, id int, name text
-- rows:  none
-- index: device primary key
UPDATE device SET name = $3 WHERE account_id = $1 AND id = $2
