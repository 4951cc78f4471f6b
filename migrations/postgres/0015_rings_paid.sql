-- For which broadcast people spent a ring of a day: who was not begun with when it ended has it back.
CREATE TABLE ring_paid (
    day BIGINT NOT NULL,
    family TEXT NOT NULL,
    broadcast TEXT NOT NULL,
    bits BYTEA NOT NULL,
    CONSTRAINT ring_paid_key PRIMARY KEY (day, family, broadcast),
    CONSTRAINT ring_paid_broadcast FOREIGN KEY (broadcast) REFERENCES broadcast (id)
);
