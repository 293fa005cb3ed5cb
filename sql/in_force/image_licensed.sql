-- A licence that counts (SPEC §5, Reversal).
-- Grain: one row per `image-licensed` event in force.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- origin_period VARCHAR: period that it occurred in; null where that is after the one closed
-- licence_id VARCHAR: the licence
-- image_id VARCHAR: the image that it licenses
-- licensee_id VARCHAR: who may use the image
-- use VARCHAR: what for: download or training
-- currency VARCHAR: currency of the fee
-- fee_micros BIGINT: fee of the licence, in micros of `currency`
-- valid_from TIMESTAMP: first instant of the licence, in UTC
-- valid_until TIMESTAMP: first instant after the licence, in UTC; null where it has no end
SELECT
    fact.seq,
    fact.source,
    fact.id,
    fact.occurred_at,
    period_month.period AS origin_period,
    fact.licence_id,
    fact.image_id,
    fact.licensee_id,
    fact.use,
    fact.currency,
    fact.fee_micros,
    fact.valid_from,
    fact.valid_until
FROM stored.image_licensed AS fact
LEFT JOIN period_month
    ON period_month.first_on = CAST(date_trunc('month', fact.occurred_at) AS DATE)
WHERE counts(fact.seq)
