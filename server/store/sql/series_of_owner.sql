-- Every series of an account, from a device on.
-- in:    account_id int, from_device_id int
-- out:   id int, device_id int, public_id text, device text, metric text
-- rows:  many
-- index: device_account
SELECT s.id, d.id, d.public_id, d.name, s.metric
FROM device d JOIN series s ON s.device_id = d.id
WHERE d.account_id = $1 AND d.id >= $2 ORDER BY d.id, s.metric
