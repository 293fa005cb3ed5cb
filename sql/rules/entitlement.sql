-- What a contributor is owed by the log up to the close's position, where the close computes it
-- (SPEC §5.3).
-- Grain: one row per contributor, basis, reference, origin period and currency.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image of a direct line, model version of a pool's
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the events
-- amount_micros DECIMAL(38, 0): the entitlement, in micros
WITH owed AS (
    SELECT
        contributor_id, 'direct' AS basis, image_id AS reference,
        origin_period, currency, amount_micros
    FROM direct_share
    WHERE NOT no_terms
    UNION ALL
    SELECT contributor_id, basis, reference, origin_period, currency, amount_micros
    FROM computed_allocation
)

SELECT
    contributor_id,
    basis,
    reference,
    origin_period,
    currency,
    CAST(sum(amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM owed
GROUP BY contributor_id, basis, reference, origin_period, currency
