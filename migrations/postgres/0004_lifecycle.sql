-- How messages follow, answer and repeat each other.

-- Hash of what two copies of one warning have in common; none for what no copy is looked for.
ALTER TABLE alert ADD COLUMN facts TEXT;
-- Whether it says that something is over.
ALTER TABLE alert ADD COLUMN all_clear BIGINT NOT NULL DEFAULT 0;
CREATE INDEX alert_facts ON alert (facts) WHERE facts IS NOT NULL;

-- The alert that this one is a copy of: its people are not rung again.
ALTER TABLE broadcast ADD COLUMN merged_with TEXT;

-- Which NWS events an alert is about, and in which zones (a JSON list). An event's number begins anew
-- where its stage is 'starts'.
CREATE TABLE event_code (
    alert TEXT NOT NULL,
    chain TEXT NOT NULL,
    event TEXT NOT NULL,
    stage TEXT NOT NULL,
    zones TEXT NOT NULL,
    CONSTRAINT event_code_stage CHECK (stage IN ('starts', 'goes-on', 'ends')),
    CONSTRAINT event_code_of_alert PRIMARY KEY (alert, event),
    CONSTRAINT event_code_alert FOREIGN KEY (alert) REFERENCES alert (id),
    CONSTRAINT event_code_chain FOREIGN KEY (chain) REFERENCES chain (id)
);
CREATE INDEX event_code_event ON event_code (event);
CREATE INDEX event_code_in_chain ON event_code (chain);

-- What an Ack or Error answers, by name: it may come before what it answers.
CREATE TABLE reply (
    alert TEXT NOT NULL,
    sender TEXT NOT NULL,
    identifier TEXT NOT NULL,
    CONSTRAINT reply_of_alert PRIMARY KEY (alert, sender, identifier),
    CONSTRAINT reply_alert FOREIGN KEY (alert) REFERENCES alert (id)
);
CREATE INDEX reply_to ON reply (sender, identifier);
