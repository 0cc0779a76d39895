-- Mails of a kind to an account do not leave any more: what they would bring is not good.
-- in:    kind text, account_id int
-- rows:  none
-- index: none; the table is small
DELETE FROM mail WHERE kind = $1 AND account_id = $2
