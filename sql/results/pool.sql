-- What one model version owes its contributors for one origin period, basis and currency, where a
-- close found it new or changed (SPEC §5.2; §6, Stored position). What stands is `standing_pool`.
-- Grain: one row per close and pool that it found new or changed.
--
-- period VARCHAR: period of the close
-- basis VARCHAR: `training` or `generation`
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the pool
-- amount_micros DECIMAL(38, 0): the pool, in micros; 0 where it is gone
SELECT
    close_input.period,
    basis,
    coalesce(computed_pool.model_id, last_pool.model_id) AS model_id,
    coalesce(computed_pool.version, last_pool.version) AS version,
    reference,
    origin_period,
    currency,
    coalesce(computed_pool.amount_micros, 0) AS amount_micros
FROM changed_pool
CROSS JOIN close_input
LEFT JOIN computed_pool USING (basis, reference, origin_period, currency)
LEFT JOIN last_pool USING (basis, reference, origin_period, currency)
