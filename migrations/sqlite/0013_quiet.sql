-- Who is not to be disturbed, and by what.

-- Shown without sound or vibration, whatever the tier.
ALTER TABLE batch ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0;
-- The quiet hours of everyone in it, in which nothing of it starts: '22:00:00/07:00:00 Europe/Paris'.
ALTER TABLE batch ADD COLUMN hours TEXT;
-- The earlier alert whose message it takes back: its number is that alert's, and so are its words.
ALTER TABLE batch ADD COLUMN about TEXT;

-- How often people were rung on a day (days since 1970 in UTC) by alerts of a family that have a budget: at each level
-- those who were rung at least so often. Level 0 holds nobody; its row is what two planners wait for.
CREATE TABLE ring_level (
    day INTEGER NOT NULL,
    family TEXT NOT NULL,
    level INTEGER NOT NULL,
    bits BLOB NOT NULL,
    CONSTRAINT ring_level_key PRIMARY KEY (day, family, level)
) STRICT;
