-- What one model version owes its contributors for one origin period, basis and currency, where the
-- close computes it (SPEC §5.2).
-- Grain: one row per such pool.
--
-- basis VARCHAR: `training` or `generation`
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the pool
-- amount_micros DECIMAL(38, 0): the pool, in micros, above 0
WITH owed AS (
    SELECT
        'training' AS basis,
        model_id,
        version,
        reference,
        origin_period,
        currency,
        floor_div(CAST(training_fee_micros AS HUGEINT) * share_ppm, 1000000) AS amount_micros
    FROM training
    WHERE share_ppm IS NOT NULL
    UNION ALL
    SELECT
        'generation' AS basis,
        model_id,
        version,
        reference,
        origin_period,
        currency,
        floor_div(sum(revenue_micros * share_ppm), 1000000) AS amount_micros
    FROM generation_total
    WHERE share_ppm IS NOT NULL AND known
    GROUP BY model_id, version, reference, origin_period, currency
)

SELECT
    owed.basis,
    owed.model_id,
    owed.version,
    owed.reference,
    owed.origin_period,
    owed.currency,
    CAST(owed.amount_micros AS DECIMAL(38, 0)) AS amount_micros
FROM owed
WHERE owed.amount_micros > 0
