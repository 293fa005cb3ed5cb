-- A part of a pool as it is given to a worker, which splits it.
-- Grain: one row per part of the group.
--
-- part_id BIGINT: number of the part
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: reference of the pool
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- amount_micros DECIMAL(38, 0): the part, in micros
SELECT
    part.part_id,
    part.basis,
    part.reference,
    part.origin_period,
    part.currency,
    part.amount_micros
FROM pool_part AS part
INNER JOIN asked_group AS asked ON part.part_id BETWEEN asked.first_part AND asked.last_part
WHERE part.reason IS NULL
