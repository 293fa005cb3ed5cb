-- A statement's lines are numbered from 1, without gaps.
-- Grain: one row per statement whose lines aren't.
--
-- statement_id VARCHAR: the statement
-- lines BIGINT: how many lines it has
-- first_line INTEGER: the least number
-- last_line INTEGER: the greatest number
-- sum_of_numbers HUGEINT: where none stands for another, half of lines · (lines + 1)
SELECT
    statement_id,
    count(*) AS lines,
    min(line) AS first_line,
    max(line) AS last_line,
    sum(line) AS sum_of_numbers
FROM statement_line
GROUP BY statement_id
HAVING
    first_line IS DISTINCT FROM 1
    OR last_line != lines
    OR 2 * sum_of_numbers != lines * (lines + 1)
    OR 6 * sum(CAST(line AS BIGINT) * line) != lines * (lines + 1) * (2 * lines + 1)
