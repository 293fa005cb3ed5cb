-- An advance that counts (SPEC §5, Reversal).
-- Grain: one row per `advance-paid` event in force.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- origin_period VARCHAR: period that it occurred in; null where that is after the one closed
-- advance_id VARCHAR: the advance
-- contributor_id VARCHAR: who was paid it
-- currency VARCHAR: its currency
-- amount_micros BIGINT: its amount, in micros of `currency`
SELECT
    fact.seq,
    fact.source,
    fact.id,
    fact.occurred_at,
    period_month.period AS origin_period,
    fact.advance_id,
    fact.contributor_id,
    fact.currency,
    fact.amount_micros
FROM stored.advance AS fact
LEFT JOIN period_month
    ON period_month.first_on = CAST(date_trunc('month', fact.occurred_at) AS DATE)
WHERE counts(fact.seq)
