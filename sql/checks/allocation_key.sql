-- A contributor has one allocation of a pool.
-- Grain: one row per key that several allocations have.
--
-- basis VARCHAR: where the money came from
-- reference VARCHAR: of the pool
-- origin_period VARCHAR: of the pool
-- currency VARCHAR: of the pool
-- contributor_id VARCHAR: whom it is allocated to
-- allocations BIGINT: how many there are
WITH keyed AS NOT MATERIALIZED (
    SELECT
        basis,
        reference,
        origin_period,
        currency,
        contributor_id,
        hash(basis, reference, origin_period, currency, contributor_id) AS key_hash
    FROM standing_allocation
),

-- Of millions of keys only those whose hash stands twice are compared as text.
suspect AS (
    SELECT key_hash
    FROM keyed
    GROUP BY key_hash
    HAVING count(*) > 1
)

SELECT
    basis,
    reference,
    origin_period,
    currency,
    contributor_id,
    count(*) AS allocations
FROM keyed
WHERE key_hash IN (SELECT suspect.key_hash FROM suspect)
GROUP BY basis, reference, origin_period, currency, contributor_id
HAVING count(*) > 1
