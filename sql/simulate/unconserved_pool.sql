-- A pool of the period that is simulated is its allocations and its held parts, exactly (SPEC
-- §5.3).
-- Grain: one row per pool that isn't.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: what statements call it, `model_id@version`
-- currency VARCHAR: currency of the pool
-- pool_micros DECIMAL(38, 0): the pool, in micros
-- allocated_micros DECIMAL(38, 0): what contributors get of it, in micros
-- held_micros DECIMAL(38, 0): what is held of it, in micros
SELECT
    basis,
    reference,
    currency,
    pool_micros,
    allocated_micros,
    held_micros
FROM pooled
WHERE pool_micros != allocated_micros + held_micros
