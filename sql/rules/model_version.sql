-- A model version as declared; where it was declared again, the first counts (SPEC §5).
-- Grain: one row per `model-trained` event in force.
--
-- seq BIGINT: position of the event in the log
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- developer_id VARCHAR: who trained it
-- trained_at TIMESTAMP: when
-- origin_period VARCHAR: period of the training; null where that is after the one being closed
-- currency VARCHAR: currency of the training fee
-- training_fee_micros BIGINT: the training fee, in micros
-- manifest_sha256 VARCHAR: which manifest it was trained on
-- redeclared BOOLEAN: whether an earlier event declared the version, so that this one is held
SELECT
    trained.seq,
    trained.model_id,
    trained.version,
    trained.model_id || '@' || trained.version AS reference,
    trained.developer_id,
    trained.occurred_at AS trained_at,
    period_month.period AS origin_period,
    trained.currency,
    trained.training_fee_micros,
    trained.manifest_sha256,
    row_number() OVER (
        PARTITION BY trained.model_id, trained.version
        ORDER BY trained.occurred_at, trained.source, trained.id
    ) > 1 AS redeclared
FROM warehouse.model_trained AS trained
LEFT JOIN period_month
    ON period_month.month = CAST(date_trunc('month', trained.occurred_at) AS DATE)
WHERE in_force(trained.seq)
