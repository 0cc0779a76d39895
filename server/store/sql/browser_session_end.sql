-- Sign out.
-- in:    digest blob
-- rows:  none
-- index: browser_session primary key
DELETE FROM browser_session WHERE digest = $1
