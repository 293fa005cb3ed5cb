-- What a model version was paid for, event by event: the fee of a training, the revenue of a
-- generation.
-- Grain: one row per `model-trained` and `asset-generated` event of the log, whether it counts or
-- not.
--
-- seq BIGINT: position of the event in the log
-- reversal_seq BIGINT: position from which on it counts for nothing, that of the first event that
--   reverses it; null where none does
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- origin_period VARCHAR: period that it occurred in
-- basis VARCHAR: `training` or `generation`
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- currency VARCHAR: currency of the revenue
-- revenue_micros BIGINT: the fee or the revenue, in micros of `currency`
WITH reversal AS (
    SELECT
        reversed_source,
        reversed_id,
        min(seq) AS seq
    FROM event_reversed
    GROUP BY reversed_source, reversed_id
),

paid AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        'training' AS basis,
        model_id,
        version,
        currency,
        training_fee_micros AS revenue_micros
    FROM model_trained
    UNION ALL
    SELECT
        seq,
        source,
        id,
        occurred_at,
        'generation' AS basis,
        model_id,
        version,
        currency,
        revenue_micros
    FROM asset_generated
)

SELECT
    paid.seq,
    reversal.seq AS reversal_seq,
    paid.source,
    paid.id,
    paid.occurred_at,
    strftime(paid.occurred_at, '%Y') || CASE setting.cadence
        WHEN 'month' THEN strftime(paid.occurred_at, '-%m')
        WHEN 'quarter' THEN '-Q' || quarter(paid.occurred_at)
        WHEN 'half' THEN CASE WHEN month(paid.occurred_at) < 7 THEN '-H1' ELSE '-H2' END
        ELSE ''
    END AS origin_period,
    paid.basis,
    paid.model_id,
    paid.version,
    paid.currency,
    paid.revenue_micros
FROM paid
CROSS JOIN setting
LEFT JOIN reversal
    ON paid.source = reversal.reversed_source AND paid.id = reversal.reversed_id
