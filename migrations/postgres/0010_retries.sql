-- A claim takes the first row of this index, however many batches are due at the same moment.
DROP INDEX batch_to_claim;
CREATE INDEX batch_to_claim ON batch (tier, ring, not_before_ms, id) WHERE state = 'open';

-- Push services that refuse our credentials or settings, as each node found. What a node has not confirmed for long
-- does not count.
CREATE TABLE push_pause (
    node TEXT NOT NULL,
    origin TEXT NOT NULL,
    since_ms BIGINT NOT NULL,
    confirmed_ms BIGINT NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT push_pause_id PRIMARY KEY (node, origin)
);
