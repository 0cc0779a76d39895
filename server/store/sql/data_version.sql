-- Another number whenever another program has changed the database.
-- out:   version int
-- rows:  one
-- index: none
PRAGMA data_version
