-- What a contributor is allocated of a pool that the close computes is what the contributor is
-- entitled to of it.
-- Grain: one row per key of which the two differ.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: model_id@version
-- origin_period VARCHAR: period that the pool is of
-- currency VARCHAR: of the amounts
-- excess_micros DECIMAL(38,0): allocation less entitlement
WITH entry AS (
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        amount_micros
    FROM computed_allocation
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
)

SELECT
    contributor_id,
    basis,
    reference,
    origin_period,
    currency,
    sum(amount_micros) AS excess_micros
FROM entry
GROUP BY contributor_id, basis, reference, origin_period, currency
HAVING sum(amount_micros) != 0
