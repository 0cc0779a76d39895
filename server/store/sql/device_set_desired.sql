-- What the owner wants from now on.
-- in:    account_id int, id int, desired text, version int, interval_s int
-- rows:  none
-- index: device primary key
UPDATE device SET desired = $3, desired_version = $4, interval_s = $5 WHERE account_id = $1 AND id = $2
