-- A close makes one statement a contributor, and names it by the period and the contributor.
-- Grain: one row per contributor with several statements, or with one of another name.
--
-- contributor_id VARCHAR: the contributor
-- statements BIGINT: how many there are
-- statement_id VARCHAR: the name of one of them
SELECT
    statement.contributor_id,
    count(*) AS statements,
    min(statement.statement_id) AS statement_id
FROM statement
CROSS JOIN close_input
GROUP BY statement.contributor_id, close_input.period
HAVING
    count(*) != 1
    OR min(statement.statement_id) IS DISTINCT FROM
    close_input.period || '/' || statement.contributor_id
