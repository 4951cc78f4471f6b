-- Counts waits for the disk: a transaction that changes nothing waits for none.
INSERT INTO counter (name, value) VALUES ('flush', 0);
-- In a flood of alerts the next to plan is the first row of an index, and so are the first copies of a warning.
CREATE INDEX broadcast_due ON broadcast (tier, (CASE WHEN merged_with IS NULL THEN 0 ELSE 1 END), received_ms, id)
    WHERE state = 'approved';
DROP INDEX alert_facts;
CREATE INDEX alert_facts ON alert (facts, received_ms, id) WHERE facts IS NOT NULL;
