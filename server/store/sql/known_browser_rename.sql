-- A browser gets another token, for all accounts it is known to.
-- in:    digest blob, fresh blob
-- rows:  none
-- index: known_browser_digest
UPDATE known_browser SET digest = $2 WHERE digest = $1
