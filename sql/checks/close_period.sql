-- All of a close is of its period, of money that is not younger, and follows the last close.
-- Grain: one row per relation that holds something else, or per close that isn't the one before.
--
-- relation VARCHAR: where it stands
-- period VARCHAR: the period it names
-- latest_origin_period VARCHAR: the latest origin period, where it has one
WITH staged AS (
    SELECT
        'pool' AS relation,
        period,
        max(origin_period) AS latest_origin_period
    FROM pool
    GROUP BY period
    UNION ALL
    SELECT
        'allocation',
        period,
        max(origin_period)
    FROM allocation
    GROUP BY period
    UNION ALL
    SELECT
        'held',
        period,
        max(origin_period)
    FROM held
    GROUP BY period
    UNION ALL
    SELECT
        'standing_pool',
        (SELECT close_input.period FROM close_input),
        max(origin_period)
    FROM standing_pool
    UNION ALL
    SELECT
        'standing_held',
        (SELECT close_input.period FROM close_input),
        max(origin_period)
    FROM standing_held
    UNION ALL
    SELECT
        'statement_line',
        period,
        max(origin_period)
    FROM statement_line
    GROUP BY period
    UNION ALL
    SELECT
        'statement',
        period,
        period
    FROM statement
    GROUP BY period
),

last_close AS (
    SELECT
        arg_max(period, ends_at) AS period,
        max(ends_at) AS ends_at
    FROM stored.period_close
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
)

SELECT
    staged.relation,
    staged.period,
    staged.latest_origin_period
FROM staged
CROSS JOIN close_input
WHERE
    staged.period IS DISTINCT FROM close_input.period
    OR staged.latest_origin_period > close_input.period

UNION ALL

SELECT
    'period_close',
    last_close.period,
    NULL
FROM last_close
CROSS JOIN close_input
WHERE last_close.ends_at != close_input.starts_at
