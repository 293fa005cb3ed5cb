-- What a contributor gets of a pool, as it stands at the last close (SPEC §6, Stored position).
-- It stands with the row of its pool, of that same close.
-- Grain: one row per pool and contributor.
--
-- period VARCHAR: period of the close that stored it
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: reference of the pool, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- contributor_id VARCHAR: the contributor
-- amount_micros DECIMAL(38, 0): the contributor's part, in micros, above 0
SELECT
    allocation.period,
    allocation.basis,
    allocation.reference,
    allocation.origin_period,
    allocation.currency,
    allocation.contributor_id,
    allocation.amount_micros
FROM allocation
INNER JOIN standing_pool USING (period, basis, reference, origin_period, currency)
