-- Bans whose time is over.
-- in:    now_ms int
-- rows:  none
-- index: none, at most BANS_MAX rows
DELETE FROM ban WHERE until_ms <= $1
