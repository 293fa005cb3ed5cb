-- What an entitlement differs by from what statements carry already (SPEC §6).
-- Grain: one row per contributor, basis, reference, origin period and currency with a difference.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image or model version
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the events
-- stated_micros DECIMAL(38, 0): what earlier statements carry, in micros
-- credited_micros DECIMAL(38, 0): what they credited for it, in micros of the currency that the
--   account has now
-- entitled_micros DECIMAL(38, 0): the entitlement now, in micros
-- delta_micros DECIMAL(38, 0): the difference, in micros, never 0
WITH owed AS (
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        coalesce(stated.stated_micros, 0) AS stated_micros,
        coalesce(stated.credited_micros, 0) AS credited_micros,
        coalesce(entitlement.amount_micros, 0) AS entitled_micros
    FROM entitlement
    FULL JOIN stated USING (contributor_id, basis, reference, origin_period, currency)
    WHERE
        entitlement.amount_micros IS NOT NULL
        OR touches(basis, reference, origin_period, currency)
    UNION ALL
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        coalesce(stated.stated_micros, 0),
        coalesce(stated.credited_micros, 0),
        coalesce(stated.stated_micros, 0) + open_change.delta_micros
    FROM open_change
    LEFT JOIN stated USING (contributor_id, basis, reference, origin_period, currency)
)

SELECT
    contributor_id,
    basis,
    reference,
    origin_period,
    currency,
    CAST(stated_micros AS DECIMAL(38, 0)) AS stated_micros,
    CAST(credited_micros AS DECIMAL(38, 0)) AS credited_micros,
    CAST(entitled_micros AS DECIMAL(38, 0)) AS entitled_micros,
    CAST(entitled_micros - stated_micros AS DECIMAL(38, 0)) AS delta_micros
FROM owed
WHERE entitled_micros != stated_micros
