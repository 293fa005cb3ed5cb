-- The pool that the line's entitlement comes from (SPEC §5.2).
-- Grain: one row; none where the line's basis is `direct`, or the pool is gone.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- amount_micros DECIMAL(38, 0): the pool, in micros
-- rest_micros DECIMAL(38, 0): what attributed images leave of it for manifests, in micros
SELECT
    pool.model_id,
    pool.version,
    CAST(pool.amount_micros AS DECIMAL(38, 0)) AS amount_micros,
    CAST(coalesce(rest.amount_micros, 0) AS DECIMAL(38, 0)) AS rest_micros
FROM standing_pool AS pool
INNER JOIN explain_input AS asked
    ON
        pool.basis = asked.basis
        AND pool.reference = asked.reference
        AND pool.origin_period = asked.origin_period
        AND pool.currency = asked.currency
LEFT JOIN pool_rest AS rest
    ON
        pool.basis = rest.basis
        AND pool.reference = rest.reference
        AND pool.origin_period = rest.origin_period
        AND pool.currency = rest.currency
