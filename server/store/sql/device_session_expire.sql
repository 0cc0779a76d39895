-- Sessions whose time is over.
-- in:    now_ms int
-- rows:  none
-- index: none; once a minute
DELETE FROM device_session WHERE expires_at_ms <= $1
