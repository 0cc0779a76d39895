-- An account that is no more and still has something left.
-- out:   id int
-- rows:  one
-- index: account_removed
SELECT id FROM account WHERE removed_at_ms > 0 LIMIT 1
