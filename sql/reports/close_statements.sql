-- How many statements each of the last twelve closes issued.
-- Grain: one row per close, the last one first.
--
-- period VARCHAR: period that was closed
-- statements BIGINT: statements issued
SELECT
    period,
    statements
FROM warehouse.period_close
ORDER BY period DESC
LIMIT 12
