-- An event that the close before counted and that is reversed since.
-- Grain: one row per such event.
--
-- seq BIGINT: position of the reversed event in the log
SELECT reversed_event.seq
FROM reversed_event
CROSS JOIN close_input
WHERE
    reversed_event.seq <= close_input.known_seq
    AND reversed_event.reversal_seq > close_input.known_seq
