-- The last of an account that is no more; what still belongs to it goes with it (ON DELETE CASCADE).
-- in:    account_id int
-- rows:  none
-- index: account primary key
DELETE FROM account WHERE id = $1 AND removed_at_ms > 0
