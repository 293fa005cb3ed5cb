-- The position before, with what the close stores put over it, is the position now: all pools and
-- held parts, and the allocations of the pools that the close computes.
-- Grain: one row per pool, allocation or held part of which the two differ.
--
-- relation VARCHAR: `pool`, `allocation` or `held`
-- reason VARCHAR: of a held part
-- basis VARCHAR: where the money came from
-- reference VARCHAR: what it is about
-- contributor_id VARCHAR: whose it is, where it is somebody's
-- origin_period VARCHAR: period that it is of
-- currency VARCHAR: of the amounts
-- stored_micros DECIMAL(38,0): what the stored rows come to; null where they have none
-- standing_micros DECIMAL(38,0): what stands now; null where nothing does
WITH all_pool AS (
    SELECT period, basis, reference, origin_period, currency, amount_micros FROM pool
    UNION ALL
    SELECT period, basis, reference, origin_period, currency, amount_micros
    FROM earlier.pool
),

latest_pool AS (
    SELECT
        basis, reference, origin_period, currency,
        max(period) AS period, arg_max(amount_micros, period) AS amount_micros
    FROM all_pool
    GROUP BY basis, reference, origin_period, currency
),

all_allocation AS (
    SELECT period, basis, reference, contributor_id, origin_period, currency, amount_micros
    FROM allocation
    UNION ALL
    SELECT period, basis, reference, contributor_id, origin_period, currency, amount_micros
    FROM earlier.allocation
),

all_held AS (
    SELECT period, reason, basis, reference, contributor_id, origin_period, currency, amount_micros
    FROM held
    UNION ALL
    SELECT period, reason, basis, reference, contributor_id, origin_period, currency, amount_micros
    FROM earlier.held
),

stored AS (
    SELECT
        'pool' AS relation, NULL AS reason, basis, reference, NULL AS contributor_id,
        origin_period, currency, amount_micros
    FROM latest_pool
    UNION ALL
    SELECT
        'allocation', NULL, basis, reference, all_allocation.contributor_id,
        origin_period, currency, all_allocation.amount_micros
    FROM all_allocation
    INNER JOIN latest_pool USING (period, basis, reference, origin_period, currency)
    WHERE touches(basis, reference, origin_period, currency)
    UNION ALL
    SELECT
        'held', reason, basis, reference, contributor_id,
        origin_period, currency, arg_max(amount_micros, period)
    FROM all_held
    GROUP BY reason, basis, reference, contributor_id, origin_period, currency
),

standing AS (
    SELECT
        'pool' AS relation, NULL AS reason, basis, reference, NULL AS contributor_id,
        origin_period, currency, amount_micros
    FROM standing_pool
    UNION ALL
    SELECT
        'allocation', NULL, basis, reference, contributor_id, origin_period, currency, amount_micros
    FROM computed_allocation
    UNION ALL
    SELECT 'held', reason, basis, reference, contributor_id, origin_period, currency, amount_micros
    FROM standing_held
),

entry AS (
    SELECT *, amount_micros AS stored_micros, NULL AS standing_micros
    FROM stored
    WHERE amount_micros != 0
    UNION ALL
    SELECT *, NULL, amount_micros
    FROM standing
)

SELECT
    relation,
    reason,
    basis,
    reference,
    contributor_id,
    origin_period,
    currency,
    sum(stored_micros) AS stored_micros,
    sum(standing_micros) AS standing_micros
FROM entry
GROUP BY relation, reason, basis, reference, contributor_id, origin_period, currency
HAVING sum(stored_micros) IS DISTINCT FROM sum(standing_micros)
