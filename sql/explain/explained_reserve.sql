-- A reserve that the statement releases, in its currency (SPEC §6).
-- Grain: one row per statement that withheld one.
--
-- period VARCHAR: period of that statement
-- due_period VARCHAR: when it was due
-- amount_micros DECIMAL(38, 0): the reserve, in micros
SELECT
    reserve.period,
    reserve.due_period,
    reserve.amount_micros
FROM kept_reserve AS reserve
INNER JOIN explain_input AS asked ON reserve.contributor_id = asked.contributor_id
CROSS JOIN close_input
WHERE reserve.due_period <= close_input.period
