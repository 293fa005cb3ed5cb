-- The position in the log of an event that it takes: without gaps, in the order received (SPEC §4).
-- Grain: one row per accepted event of the batch.
--
-- position BIGINT: order in the batch
-- seq BIGINT: position in the log
SELECT
    judged_event.position,
    batch_input.head + row_number() OVER (ORDER BY judged_event.position) AS seq
FROM judged_event
CROSS JOIN batch_input
WHERE judged_event.outcome = 'accepted'
