-- How many dead letters are open, by reason.
-- Grain: one row per reason that has open ones, ordered by it.
--
-- reason VARCHAR: why it was refused
-- letters BIGINT: open dead letters with this reason
SELECT
    reason,
    letters
FROM warehouse.open_dead_letter
ORDER BY reason
