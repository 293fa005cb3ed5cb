-- What a pool has left for manifests, its attributed images taken off (SPEC §5.2, Attribution).
-- Grain: one row per pool that has anything left.
--
-- basis VARCHAR: `training` or `generation`
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- amount_micros DECIMAL(38, 0): what is left, in micros
WITH attributed AS (
    SELECT model_id, version, origin_period, currency, sum(amount_micros) AS amount_micros
    FROM attributed_image
    GROUP BY model_id, version, origin_period, currency
)

SELECT
    pool.basis,
    pool.model_id,
    pool.version,
    pool.reference,
    pool.origin_period,
    pool.currency,
    CAST(
        pool.amount_micros - coalesce(attributed.amount_micros, 0) AS DECIMAL(38, 0)
    ) AS amount_micros
FROM computed_pool AS pool
LEFT JOIN attributed
    ON
        pool.basis = 'generation'
        AND pool.model_id = attributed.model_id
        AND pool.version = attributed.version
        AND pool.origin_period = attributed.origin_period
        AND pool.currency = attributed.currency
WHERE pool.amount_micros > coalesce(attributed.amount_micros, 0)
