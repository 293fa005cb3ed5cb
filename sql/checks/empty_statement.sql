-- Nobody gets a statement that says nothing: each has a line, releases a reserve, recoups, or pays.
-- Grain: one row per statement that does none of these.
--
-- statement_id VARCHAR: the statement
-- opening_micros DECIMAL(38,0): what it opens with
-- carried_micros DECIMAL(38,0): what it carries
SELECT
    statement_id,
    opening_micros,
    carried_micros
FROM statement
WHERE
    reserve_released_micros <= 0
    AND recouped_micros = 0
    AND payable_micros + withholding_micros <= 0
    AND statement_id NOT IN (SELECT statement_line.statement_id FROM statement_line)
