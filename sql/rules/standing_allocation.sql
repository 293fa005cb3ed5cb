-- What a contributor gets of a pool (SPEC §5.2): as the close computes it, else as the close before
-- found it.
-- Grain: one row per pool and contributor.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: reference of the pool, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- contributor_id VARCHAR: the contributor
-- amount_micros DECIMAL(38, 0): the contributor's part, in micros, above 0
SELECT basis, reference, origin_period, currency, contributor_id, amount_micros
FROM computed_allocation
UNION ALL
SELECT
    allocation.basis,
    allocation.reference,
    allocation.origin_period,
    allocation.currency,
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
WHERE NOT touches(pool.basis, pool.reference, pool.origin_period, pool.currency)
