-- A pool of the model version, as it stands at the last close, with what contributors get of it and
-- what is held (SPEC §5.2).
-- Grain: one row per pool.
--
-- basis VARCHAR: `training` or `generation`
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the pool
-- amount_micros DECIMAL(38, 0): the pool, in micros
-- allocated_micros DECIMAL(38, 0): what contributors get of it, in micros
-- contributors BIGINT: how many get something
-- held_micros DECIMAL(38, 0): what of it is nobody's yet, and held, in micros
WITH allocated AS (
    SELECT
        allocation.basis,
        allocation.origin_period,
        allocation.currency,
        sum(allocation.amount_micros) AS amount_micros,
        count(*) AS contributors
    FROM warehouse.standing_allocation AS allocation
    INNER JOIN explain_input AS asked ON allocation.reference = asked.reference
    GROUP BY allocation.basis, allocation.origin_period, allocation.currency
),

held AS (
    SELECT
        held.basis,
        held.origin_period,
        held.currency,
        sum(held.amount_micros) AS amount_micros
    FROM warehouse.standing_held AS held
    INNER JOIN explain_input AS asked ON held.reference = asked.reference
    WHERE
        held.reason IN (
            'unlicensed_image', 'image_not_in_manifest', 'lineage_unresolved', 'unknown_model'
        )
    GROUP BY held.basis, held.origin_period, held.currency
)

SELECT
    pool.basis,
    pool.origin_period,
    pool.currency,
    pool.amount_micros,
    CAST(coalesce(allocated.amount_micros, 0) AS DECIMAL(38, 0)) AS allocated_micros,
    coalesce(allocated.contributors, 0) AS contributors,
    CAST(coalesce(held.amount_micros, 0) AS DECIMAL(38, 0)) AS held_micros
FROM warehouse.standing_pool AS pool
INNER JOIN explain_input AS asked ON pool.reference = asked.reference
LEFT JOIN allocated
    ON
        pool.basis = allocated.basis
        AND pool.origin_period = allocated.origin_period
        AND pool.currency = allocated.currency
LEFT JOIN held
    ON
        pool.basis = held.basis
        AND pool.origin_period = held.origin_period
        AND pool.currency = held.currency
