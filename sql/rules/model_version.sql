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
    seq,
    model_id,
    version,
    reference,
    developer_id,
    occurred_at AS trained_at,
    origin_period,
    currency,
    training_fee_micros,
    manifest_sha256,
    row_number() OVER (
        PARTITION BY model_id, version ORDER BY occurred_at, source, id
    ) > 1 AS redeclared
FROM in_force.model_trained
