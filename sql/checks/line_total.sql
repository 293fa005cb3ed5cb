-- The lines of a statement add up to its royalties and its adjustments, and none is without one.
-- Grain: one row per statement, or statement that lines name, whose totals differ.
--
-- statement_id VARCHAR: the statement
-- contributor_id VARCHAR: whose it is
-- royalties_micros DECIMAL(38,0): as stated; null where there is no such statement
-- royalty_lines_micros DECIMAL(38,0): sum of its royalty lines
-- adjustments_micros DECIMAL(38,0): as stated
-- adjustment_lines_micros DECIMAL(38,0): sum of its adjustment lines
WITH total AS (
    SELECT
        statement_id,
        contributor_id,
        sum(CASE WHEN kind = 'royalty' THEN amount_micros ELSE 0 END) AS royalty_lines_micros,
        sum(CASE WHEN kind = 'royalty' THEN 0 ELSE amount_micros END) AS adjustment_lines_micros
    FROM statement_line
    GROUP BY ALL
)

SELECT
    statement_id,
    contributor_id,
    statement.royalties_micros,
    total.royalty_lines_micros,
    statement.adjustments_micros,
    total.adjustment_lines_micros
FROM statement
FULL JOIN total USING (statement_id, contributor_id)
WHERE
    statement.royalties_micros IS DISTINCT FROM coalesce(total.royalty_lines_micros, 0)
    OR statement.adjustments_micros IS DISTINCT FROM coalesce(total.adjustment_lines_micros, 0)
