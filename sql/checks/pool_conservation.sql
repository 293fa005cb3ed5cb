-- Every pool that the close computes is allocated or held, to the micro, and nothing is allocated
-- or held without one.
-- Grain: one row per key of a pool whose amount isn't the sum of its parts.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: model_id@version
-- origin_period VARCHAR: period that the pool is of
-- currency VARCHAR: of the amounts
-- pool_micros DECIMAL(38,0): the pool; null where there is none
-- allocated_micros DECIMAL(38,0): sum of its allocations
-- held_micros DECIMAL(38,0): sum of its held parts
WITH allocated AS (
    SELECT
        basis,
        reference,
        origin_period,
        currency,
        sum(amount_micros) AS amount_micros
    FROM computed_allocation
    WHERE basis != 'direct'
    GROUP BY ALL
),

-- A generation of an undeclared version is held `unknown_model` without a pool;
-- what lineage holds under that reason is a part of one.
-- `no_terms` and `model_version_redeclared` never are.
bound AS (
    SELECT
        held.basis,
        held.reference,
        held.origin_period,
        held.currency,
        sum(held.amount_micros) AS amount_micros
    FROM standing_held AS held
    LEFT JOIN computed_pool AS pool USING (basis, reference, origin_period, currency)
    WHERE
        touches(basis, reference, origin_period, currency)
        AND (
            held.reason IN ('unlicensed_image', 'image_not_in_manifest', 'lineage_unresolved')
            OR (
                held.reason = 'unknown_model'
                AND (held.basis != 'generation' OR pool.amount_micros IS NOT NULL)
            )
        )
    GROUP BY ALL
)

SELECT
    basis,
    reference,
    origin_period,
    currency,
    pool.amount_micros AS pool_micros,
    allocated.amount_micros AS allocated_micros,
    bound.amount_micros AS held_micros
FROM computed_pool AS pool
FULL JOIN allocated USING (basis, reference, origin_period, currency)
FULL JOIN bound USING (basis, reference, origin_period, currency)
WHERE
    coalesce(pool.amount_micros, 0)
    != coalesce(allocated.amount_micros, 0) + coalesce(bound.amount_micros, 0)
    OR (
        pool.amount_micros IS NULL
        AND (allocated.amount_micros != 0 OR bound.amount_micros != 0)
    )
