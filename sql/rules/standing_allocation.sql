-- What a contributor gets of a pool (SPEC §5.2): as the close computes it, else as the close before
-- found it.
-- Grain: one row per pool and contributor.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: reference of the pool, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- contributor_id VARCHAR: the contributor
-- amount_micros DECIMAL(38, 0): the contributor's part, in micros, above 0
SELECT basis, reference, origin_period, currency, contributor_id, amount_micros
FROM computed_allocation
UNION ALL
SELECT basis, reference, origin_period, currency, contributor_id, amount_micros
FROM last_allocation
WHERE NOT touches(basis, reference, origin_period, currency)
