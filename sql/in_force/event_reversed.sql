-- A reversal that counts: any up to the close's position, since none can be reversed (SPEC §5,
-- Reversal).
-- Grain: one row per `event-reversed` event of the log up to the close's position.
--
-- seq BIGINT: position of the event in the log
-- reversed_source VARCHAR: source of the event that it reverses
-- reversed_id VARCHAR: id of the event that it reverses
SELECT
    seq,
    reversed_source,
    reversed_id
FROM stored.event_reversed
WHERE seq <= (SELECT close_input.log_seq FROM close_input)
