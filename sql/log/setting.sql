-- How the warehouse closes, fixed when it is made; the query gives what `init` takes by default.
-- Grain: one row.
--
-- cadence VARCHAR: length of a period: month, quarter, half or year
-- grace_days INTEGER: days between the end of a period and the first moment that it can close
-- first_period VARCHAR: the first period to close; null: that of the first money in force
SELECT
    'month' AS cadence,
    0 AS grace_days,
    NULL::VARCHAR AS first_period
