-- A revocation that counts (SPEC §5, Reversal).
-- Grain: one row per `licence-revoked` event in force.
--
-- seq BIGINT: position of the event in the log
-- licence_id VARCHAR: the licence
-- effective_at TIMESTAMP: from when it licenses no further training, in UTC
SELECT
    seq,
    licence_id,
    effective_at
FROM stored.licence_revoked
WHERE counts(seq)
