-- What a contributor is owed for the period that is simulated, before FX, thresholds and reserves.
-- Grain: one row per contributor and currency.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the events
-- amount_micros DECIMAL(38, 0): the entitlements, in micros
SELECT
    entitlement.contributor_id,
    entitlement.currency,
    CAST(sum(entitlement.amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM entitlement
CROSS JOIN close_input
WHERE entitlement.origin_period = close_input.period
GROUP BY entitlement.contributor_id, entitlement.currency
