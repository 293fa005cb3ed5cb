-- An allocation as it stood at the close before: that of its pool's close (SPEC §6, Stored
-- position).
-- Grain: one row per pool and contributor.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: reference of the pool, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- contributor_id VARCHAR: the contributor
-- amount_micros DECIMAL(38, 0): the contributor's part, in micros, above 0
SELECT
    pool.basis,
    pool.reference,
    pool.origin_period,
    pool.currency,
    allocation.contributor_id,
    allocation.amount_micros
FROM earlier.allocation AS allocation
INNER JOIN last_pool AS pool
    ON
        allocation.period = pool.period
        AND allocation.basis = pool.basis
        AND allocation.reference = pool.reference
        AND allocation.origin_period = pool.origin_period
        AND allocation.currency = pool.currency
