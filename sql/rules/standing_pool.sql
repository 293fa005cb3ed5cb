-- What one model version owes its contributors for one origin period, basis and currency
-- (SPEC §5.2): as the close computes it, else as the close before found it.
-- Grain: one row per pool.
--
-- basis VARCHAR: `training` or `generation`
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the pool
-- amount_micros DECIMAL(38, 0): the pool, in micros, above 0
SELECT basis, model_id, version, reference, origin_period, currency, amount_micros
FROM computed_pool
UNION ALL
SELECT basis, model_id, version, reference, origin_period, currency, amount_micros
FROM last_pool
WHERE NOT touches(basis, reference, origin_period, currency)
