-- What became of a batch; received = accepted + duplicate + conflict + rejected (SPEC §3.4).
-- Grain: one row per committed batch.
--
-- batch_id VARCHAR: identity of the batch, given before it was read, so that it counts once
-- recorded_at TIMESTAMP: when the log took it, in UTC
-- received BIGINT: what was received, blank lines aside
-- accepted BIGINT: events that the log took
-- duplicate BIGINT: events that the log has, with the same content
-- conflict BIGINT: events that the log has, with other content
-- rejected BIGINT: refused for another reason than a conflict
-- rejected_by_reason STRUCT(reason VARCHAR, events BIGINT)[]: rejected, by reason
-- head BIGINT: head of the log after the batch
SELECT
    batch_id,
    recorded_at,
    received,
    accepted,
    duplicate,
    conflict,
    rejected,
    rejected_by_reason,
    head
FROM counted
