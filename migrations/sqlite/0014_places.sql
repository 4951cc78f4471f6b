-- By push service, so that nothing of one that is full, silent or paused is read to find what another can be sent.
DROP INDEX batch_to_claim;
CREATE INDEX batch_to_claim ON batch (tier, origin, ring, not_before_ms, id) WHERE state = 'open';

-- What is leased, which is never much: when leases end, and who sends to a push service. `lease_until_ms` is left out:
-- it changes with each checkpoint.
CREATE INDEX batch_held ON batch (origin, owner) WHERE state = 'open' AND owner IS NOT NULL;

-- What expires next, however much waits.
CREATE INDEX batch_to_expire ON batch (expires_ms) WHERE state = 'open';

-- What is planned next, however much waits to be.
CREATE INDEX broadcast_to_plan ON broadcast (tier, (CASE WHEN merged_with IS NULL THEN 0 ELSE 1 END), received_ms, id)
    WHERE state = 'approved';
