-- A pool that is new or changed since the close before: its amount or any of its allocations is
-- (SPEC §6, Stored position).
-- Grain: one row per pool.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the pool
WITH entry AS (
    SELECT basis, reference, origin_period, currency, NULL AS contributor_id, amount_micros
    FROM computed_pool
    UNION ALL
    SELECT basis, reference, origin_period, currency, NULL, -amount_micros
    FROM last_pool
    WHERE touches(basis, reference, origin_period, currency)
    UNION ALL
    SELECT basis, reference, origin_period, currency, contributor_id, amount_micros
    FROM computed_allocation
    UNION ALL
    SELECT basis, reference, origin_period, currency, contributor_id, -amount_micros
    FROM last_allocation
    WHERE touches(basis, reference, origin_period, currency)
),

difference AS (
    SELECT basis, reference, origin_period, currency
    FROM entry
    GROUP BY basis, reference, origin_period, currency, contributor_id
    HAVING sum(amount_micros) != 0
)

SELECT DISTINCT
    basis,
    reference,
    origin_period,
    currency
FROM difference
