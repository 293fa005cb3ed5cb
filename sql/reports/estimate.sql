-- What a contributor is owed so far for a period that isn't closed, by the log up to the position
-- read, in major units. It changes until the period is closed.
-- Grain: one row per contributor asked for, origin period and currency with an amount, ordered by
-- these.
--
-- amount DECIMAL(38, 6): sum of the entitlements
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the events
-- period VARCHAR: the origin period
SELECT
    sum(entitlement.amount_micros) * 0.000001 AS amount,
    entitlement.contributor_id,
    entitlement.currency,
    entitlement.origin_period AS period
FROM entitlement
CROSS JOIN earnings_input
CROSS JOIN close_input
WHERE
    entitlement.origin_period BETWEEN earnings_input.period AND close_input.period
    AND entitlement.contributor_id
    = coalesce(earnings_input.contributor_id, entitlement.contributor_id)
GROUP BY entitlement.contributor_id, entitlement.origin_period, entitlement.currency
HAVING sum(entitlement.amount_micros) != 0
ORDER BY entitlement.contributor_id, entitlement.origin_period, entitlement.currency
