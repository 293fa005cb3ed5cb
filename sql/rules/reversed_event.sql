-- An event that counts for nothing, because an `event-reversed` names it (SPEC §5, Reversal).
-- Grain: one row per event reversed by the log up to the close's position.
--
-- seq BIGINT: position of the reversed event in the log
-- reversal_seq BIGINT: position of the first reversal that names it
SELECT
    event.seq,
    min(reversal.seq) AS reversal_seq
FROM in_force.event_reversed AS reversal
CROSS JOIN close_input
INNER JOIN stored.event AS event
    ON reversal.reversed_source = event.source AND reversal.reversed_id = event.id
WHERE
    event.seq <= close_input.log_seq
    AND event.type NOT IN ('event-reversed', 'period-closed')
GROUP BY event.seq
