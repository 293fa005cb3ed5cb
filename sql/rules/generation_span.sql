-- A span of time with generations of pools that a close computes.
-- Grain: one row per run of months that follow one another.
--
-- starts_at TIMESTAMP: its first instant, in UTC
-- ends_at TIMESTAMP: the first instant after it, in UTC
WITH wanted AS (
    SELECT DISTINCT
        period_month.first_on,
        dense_rank() OVER (ORDER BY period_month.first_on) AS place
    FROM period_month
    CROSS JOIN close_input
    WHERE
        close_input.known_seq = 0
        OR period_month.period IN (
            SELECT touched.origin_period FROM touched WHERE touched.basis = 'generation'
        )
)

SELECT
    CAST(min(first_on) AS TIMESTAMP) AS starts_at,
    max(first_on) + INTERVAL 1 MONTH AS ends_at
FROM wanted
GROUP BY first_on - to_months(CAST(place AS INTEGER))
