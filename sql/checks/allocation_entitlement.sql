-- What a contributor is allocated of a pool is what the contributor is entitled to of it.
-- Grain: one row per key of which the two differ.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: model_id@version
-- origin_period VARCHAR: period that the pool is of
-- currency VARCHAR: of the amounts
-- excess_micros DECIMAL(38,0): allocation less entitlement
WITH entry AS NOT MATERIALIZED (
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        amount_micros
    FROM standing_allocation
    WHERE basis != 'direct'
    UNION ALL
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        -amount_micros
    FROM entitlement
    WHERE basis != 'direct' AND origin_period <= (SELECT close_input.period FROM close_input)
),

-- As in entitlement_balance: each key is summed only where the sum over all says that one is off.
suspicion AS (
    SELECT
        sum(
            CAST(
                hash(contributor_id, basis, reference, origin_period, currency) >> 32 AS HUGEINT
            ) * amount_micros
        ) != 0 AS is_founded
    FROM entry
)

SELECT
    contributor_id,
    basis,
    reference,
    origin_period,
    currency,
    sum(amount_micros) AS excess_micros
FROM entry
WHERE (SELECT suspicion.is_founded FROM suspicion)
GROUP BY contributor_id, basis, reference, origin_period, currency
HAVING sum(amount_micros) != 0
