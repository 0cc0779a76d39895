-- Keep a value made at first start; the first one stays.
-- in:    name text, value blob
-- rows:  none
-- index: secret primary key
INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING
