-- What a contributor gets of a pool that a close found new or changed (SPEC §5.2; §6, Stored
-- position). What stands is `standing_allocation`.
-- Grain: one row per close, pool that it found new or changed, and contributor.
--
-- period VARCHAR: period of the close
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: reference of the pool, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- contributor_id VARCHAR: the contributor
-- amount_micros DECIMAL(38, 0): the contributor's part, in micros, above 0
SELECT
    close_input.period,
    basis,
    reference,
    origin_period,
    currency,
    computed_allocation.contributor_id,
    computed_allocation.amount_micros
FROM changed_pool
CROSS JOIN close_input
INNER JOIN computed_allocation USING (basis, reference, origin_period, currency)
