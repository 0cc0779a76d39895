-- Published lists of networks of data centres and the like, each replaced whole.
CREATE TABLE range_list (
    name         TEXT    PRIMARY KEY,
    kind         TEXT    NOT NULL, -- datacentre, vpn, ... (server/domain/ranges.h)
    source       TEXT    NOT NULL, -- the file or address it was read from
    loaded_at_ms INTEGER NOT NULL,
    networks     INTEGER NOT NULL,
    providers    INTEGER NOT NULL,
    ranges       BLOB    NOT NULL  -- packed: server/domain/range_list.h
) STRICT;
CREATE INDEX range_list_age ON range_list (loaded_at_ms);

-- How many mails of this hour have told admins of registrations from such networks, and how many
-- registrations they have not been told of.
CREATE TABLE signup_watch (
    only          INTEGER PRIMARY KEY CHECK (only = 1),
    hour_begun_ms INTEGER NOT NULL,
    told          INTEGER NOT NULL,
    untold        INTEGER NOT NULL
) STRICT;
INSERT INTO signup_watch (only, hour_begun_ms, told, untold) VALUES (1, 0, 0, 0);

CREATE INDEX account_admin ON account (is_admin, id) WHERE is_admin = 1;
