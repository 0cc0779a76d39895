-- Let an address go.
-- in:    address blob
-- rows:  none
-- index: ban primary key
DELETE FROM ban WHERE address = $1
