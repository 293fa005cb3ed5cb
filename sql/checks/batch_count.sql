-- A batch received what it accepted, knew or refused; the log since the close before is what
-- batches and closes put in.
-- Grain: one row per batch that doesn't add up, and one where the batches aren't the log.
--
-- batch_id VARCHAR: the batch; null for all of them
-- received BIGINT: what came in; for all: positions since the close before
-- accounted HUGEINT: what the counts say of it; for all: accepted events and closes
-- rejected BIGINT: how many were rejected
-- rejected_by_reason HUGEINT: the same, summed over the reasons
WITH batch AS (
    SELECT
        batch_id,
        received,
        accepted,
        rejected,
        accepted + duplicate + conflict + rejected AS accounted,
        coalesce(
            list_sum(list_transform(rejected_by_reason, LAMBDA part: part.events)), 0
        ) AS rejected_by_reason
    FROM stored.ingest_batch
    WHERE came_since(head)
),

-- Each accepted event takes one position, and so does each earlier close.
taken AS (
    SELECT
        (SELECT coalesce(sum(accepted), 0) FROM batch)
        + (
            SELECT count(*) FROM stored.period_close
            WHERE came_since(seq)
        ) AS positions
)

SELECT
    batch_id,
    received,
    accounted,
    rejected,
    rejected_by_reason
FROM batch
WHERE received != accounted OR rejected != rejected_by_reason

UNION ALL

SELECT
    NULL,
    close_input.log_seq - close_input.known_seq,
    taken.positions,
    NULL,
    NULL
FROM taken
CROSS JOIN close_input
WHERE taken.positions != close_input.log_seq - close_input.known_seq
