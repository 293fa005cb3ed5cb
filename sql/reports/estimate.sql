-- What a contributor is owed for the period so far, by the log up to the position read, in major
-- units. It changes until the period is closed.
-- Grain: one row per contributor asked for and currency with an amount, ordered by both.
--
-- amount DECIMAL(38, 6): sum of the entitlements
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the events
SELECT
    sum(entitlement.amount_micros) * 0.000001 AS amount,
    entitlement.contributor_id,
    entitlement.currency
FROM entitlement
CROSS JOIN earnings_input
WHERE
    entitlement.origin_period = earnings_input.period
    AND entitlement.contributor_id
    = coalesce(earnings_input.contributor_id, entitlement.contributor_id)
GROUP BY entitlement.contributor_id, entitlement.currency
HAVING sum(entitlement.amount_micros) != 0
ORDER BY entitlement.contributor_id, entitlement.currency
