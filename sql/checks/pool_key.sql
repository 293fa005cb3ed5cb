-- A pool stands once.
-- Grain: one row per key that several pools have.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: model_id@version
-- origin_period VARCHAR: period that the pool is of
-- currency VARCHAR: of the pool
-- pools BIGINT: how many there are
SELECT
    basis,
    reference,
    origin_period,
    currency,
    count(*) AS pools
FROM standing_pool
GROUP BY basis, reference, origin_period, currency
HAVING count(*) > 1
