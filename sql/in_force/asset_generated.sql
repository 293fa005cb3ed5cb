-- A generation that counts (SPEC §5, Reversal).
-- Grain: one row per `asset-generated` event in force.
--
-- seq BIGINT: position of the event in the log
-- occurred_at TIMESTAMP: when it happened, in UTC
-- origin_period VARCHAR: period that it occurred in; null where that is after the one closed
-- model_id VARCHAR: the model that generated it
-- version VARCHAR: the model's version
-- reference VARCHAR: the model version as statements name it, `model_id@version`
-- currency VARCHAR: currency of the revenue
-- revenue_micros BIGINT: revenue, in micros of `currency`
SELECT
    fact.seq,
    fact.occurred_at,
    period_month.period AS origin_period,
    fact.model_id,
    fact.version,
    fact.model_id || '@' || fact.version AS reference,
    fact.currency,
    fact.revenue_micros
FROM stored.asset_generated AS fact
LEFT JOIN period_month
    ON period_month.first_on = CAST(date_trunc('month', fact.occurred_at) AS DATE)
WHERE counts(fact.seq)
