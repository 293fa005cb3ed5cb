-- A contributor has one allocation of a pool.
-- Grain: one row per key that several allocations have.
--
-- basis VARCHAR: where the money came from
-- reference VARCHAR: of the pool
-- origin_period VARCHAR: of the pool
-- currency VARCHAR: of the pool
-- contributor_id VARCHAR: whom it is allocated to
-- allocations BIGINT: how many there are
SELECT
    basis,
    reference,
    origin_period,
    currency,
    contributor_id,
    count(*) AS allocations
FROM computed_allocation
GROUP BY basis, reference, origin_period, currency, contributor_id
HAVING count(*) > 1
