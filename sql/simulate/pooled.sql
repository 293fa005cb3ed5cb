-- A pool of the period that is simulated: what of it is allocated, and what is held.
-- Grain: one row per pool.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: what statements call it, `model_id@version`
-- currency VARCHAR: currency of the pool
-- pool_micros DECIMAL(38, 0): the pool, in micros
-- allocated_micros DECIMAL(38, 0): what contributors get of it, in micros
-- held_micros DECIMAL(38, 0): what is held of it, in micros
WITH given AS (
    SELECT
        part.basis,
        part.reference,
        part.origin_period,
        part.currency,
        share.contributor_id IS NULL AS is_held,
        share.amount_micros
    FROM claim_share AS share
    INNER JOIN pool_part AS part ON share.part_id = part.part_id
    UNION ALL
    SELECT
        basis,
        reference,
        origin_period,
        currency,
        TRUE AS is_held,
        amount_micros
    FROM pool_part
    WHERE reason IS NOT NULL
),

summed AS (
    SELECT
        basis,
        reference,
        origin_period,
        currency,
        sum(amount_micros) FILTER (WHERE NOT is_held) AS allocated_micros,
        sum(amount_micros) FILTER (WHERE is_held) AS held_micros
    FROM given
    GROUP BY basis, reference, origin_period, currency
)

SELECT
    pool.basis,
    pool.reference,
    pool.currency,
    pool.amount_micros AS pool_micros,
    CAST(coalesce(summed.allocated_micros, 0) AS DECIMAL(38, 0)) AS allocated_micros,
    CAST(coalesce(summed.held_micros, 0) AS DECIMAL(38, 0)) AS held_micros
FROM standing_pool AS pool
INNER JOIN close_input ON pool.origin_period = close_input.period
LEFT JOIN summed
    ON
        pool.basis = summed.basis
        AND pool.reference = summed.reference
        AND pool.origin_period = summed.origin_period
        AND pool.currency = summed.currency
