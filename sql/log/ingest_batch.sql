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
-- origin VARCHAR: `deadletter` where it replays dead letters; null where it was ingested
WITH refusal AS (
    SELECT reason FROM received_refusal
    UNION ALL
    SELECT received_event.fault_reason
    FROM received_event
    INNER JOIN judged_event ON received_event.position = judged_event.position
    WHERE judged_event.outcome = 'rejected'
),

rejected AS (
    SELECT
        reason,
        count(*) AS events
    FROM refusal
    GROUP BY reason
),

judged AS (
    SELECT
        count(*) AS received,
        count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
        count(*) FILTER (WHERE outcome = 'duplicate') AS duplicate,
        count(*) FILTER (WHERE outcome = 'conflict') AS conflict,
        count(*) FILTER (WHERE outcome = 'rejected') AS rejected
    FROM judged_event
),

unread AS (
    SELECT count(*) AS received FROM received_refusal
)

SELECT
    batch_input.batch_id,
    batch_input.recorded_at,
    judged.received + unread.received AS received,
    judged.accepted,
    judged.duplicate,
    judged.conflict,
    judged.rejected + unread.received AS rejected,
    coalesce(
        (
            SELECT
                list(
                    {'reason': rejected.reason, 'events': rejected.events}
                    ORDER BY rejected.reason
                )
            FROM rejected
        ),
        []
    ) AS rejected_by_reason,
    batch_input.head + judged.accepted AS head,
    batch_input.origin
FROM batch_input
CROSS JOIN judged
CROSS JOIN unread
