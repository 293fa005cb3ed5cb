-- A declaration of a model version that counts (SPEC §5, Reversal).
-- Grain: one row per `model-trained` event in force.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- origin_period VARCHAR: period that it occurred in; null where that is after the one closed
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: the model version as statements name it, `model_id@version`
-- developer_id VARCHAR: who trained it, the licensee of its images
-- currency VARCHAR: currency of the training fee
-- training_fee_micros BIGINT: fee of the training, in micros of `currency`
-- manifest_sha256 VARCHAR: the manifest in `manifest_entry`: SHA-256 of its file, or of the
--   event's content where the event holds it
SELECT
    fact.seq,
    fact.source,
    fact.id,
    fact.occurred_at,
    period_month.period AS origin_period,
    fact.model_id,
    fact.version,
    fact.model_id || '@' || fact.version AS reference,
    fact.developer_id,
    fact.currency,
    fact.training_fee_micros,
    fact.manifest_sha256
FROM stored.model_trained AS fact
LEFT JOIN period_month
    ON period_month.first_on = CAST(date_trunc('month', fact.occurred_at) AS DATE)
WHERE counts(fact.seq)
