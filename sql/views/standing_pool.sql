-- What one model version owes its contributors for one origin period, basis and currency, as it
-- stands at the last close (SPEC §6, Stored position).
-- Grain: one row per pool.
--
-- period VARCHAR: period of the close that stored it
-- basis VARCHAR: `training` or `generation`
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the pool
-- amount_micros DECIMAL(38, 0): the pool, in micros, above 0
WITH latest AS (
    SELECT *
    FROM pool
    QUALIFY row_number() OVER (
        PARTITION BY basis, reference, origin_period, currency ORDER BY period DESC
    ) = 1
)

SELECT
    period,
    basis,
    model_id,
    version,
    reference,
    origin_period,
    currency,
    amount_micros
FROM latest
WHERE amount_micros != 0
