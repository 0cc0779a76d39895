-- What a device is to do, for the device itself: its session has already named it.
-- in:    id int
-- out:   desired text, desired_version int
-- rows:  one
-- index: device primary key
SELECT desired, desired_version FROM device WHERE id = $1
