-- What was found in what each key posted, counted by day (UTC, days since 1970), so that its owner can mend the feed.

CREATE TABLE post_day (
    credential TEXT NOT NULL,
    day INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    CONSTRAINT post_day_key PRIMARY KEY (credential, day),
    CONSTRAINT post_day_credential FOREIGN KEY (credential) REFERENCES api_key (id)
) STRICT;

-- documents counts those with the finding; the last of them is kept as an example.
CREATE TABLE finding_day (
    credential TEXT NOT NULL,
    day INTEGER NOT NULL,
    code TEXT NOT NULL,
    documents INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    identifier TEXT,
    finding TEXT NOT NULL,
    CONSTRAINT finding_day_key PRIMARY KEY (credential, day, code),
    CONSTRAINT finding_day_credential FOREIGN KEY (credential) REFERENCES api_key (id)
) STRICT;
