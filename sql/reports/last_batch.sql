-- What became of the last batch.
-- Grain: one row, none before there is a batch.
--
-- batch_id VARCHAR: identity of the batch
-- recorded_at TIMESTAMP: when it was recorded, in UTC
-- received BIGINT: what was received, blank lines aside
-- accepted BIGINT: events that were new
-- duplicate BIGINT: events that the log had, with the same content
-- conflict BIGINT: events that the log had, with other content
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
FROM warehouse.ingest_batch
ORDER BY rowid DESC
LIMIT 1
