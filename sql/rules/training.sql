-- A training with the share of its fee that contributors get (SPEC §5.2).
-- Grain: one row per model version that counts, whose pool the close computes.
--
-- seq BIGINT: position of the event in the log
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: `model_id@version`
-- origin_period VARCHAR: period of the training
-- currency VARCHAR: currency of the fee
-- training_fee_micros BIGINT: the training fee, in micros
-- share_ppm INTEGER: `training_share` in force, in ppm; null where there is none
-- share_seq BIGINT: position in the log of the event that agreed on the share
WITH counted AS (
    SELECT *, term_scope('training_share', model_id) AS share_scope
    FROM model_version
    WHERE
        NOT redeclared
        AND origin_period IS NOT NULL
        AND touches('training', reference, origin_period, currency)
)

SELECT
    counted.seq,
    counted.model_id,
    counted.version,
    counted.reference,
    counted.origin_period,
    counted.currency,
    counted.training_fee_micros,
    share.rate_ppm AS share_ppm,
    share.seq AS share_seq
FROM counted
LEFT JOIN term AS share
    ON in_effect(share, 'training_share', counted.share_scope, counted.trained_at)
