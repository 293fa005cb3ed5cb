-- A licence of the image that the staged close read, and whether it counts (SPEC §5).
-- Grain: one row per `image-licensed` event of the image up to the close's position.
--
-- seq BIGINT: position of the event in the log
-- licence_id VARCHAR: the licence
-- licensee_id VARCHAR: who may use the image
-- use VARCHAR: `download` or `training`
-- occurred_at TIMESTAMP: when it was sold
-- currency VARCHAR: currency of the fee
-- fee_micros BIGINT: the fee, in micros
-- valid_from TIMESTAMP: first instant of its validity
-- valid_until TIMESTAMP: first instant after it; null where it has no end
-- revoked_from TIMESTAMP: instant from which it is revoked; null where it isn't
-- standing VARCHAR: `in_force`, `not_closed` where it was sold in a period after the close's,
--   `redeclared` where an earlier event has its `licence_id`, or `reversed`
SELECT
    licensed.seq,
    licensed.licence_id,
    licensed.licensee_id,
    licensed.use,
    licensed.occurred_at,
    licensed.currency,
    licensed.fee_micros,
    licensed.valid_from,
    licensed.valid_until,
    CASE WHEN isfinite(counted.revoked_at) THEN counted.revoked_at END AS revoked_from,
    CASE
        WHEN counted.seq IS NULL THEN 'reversed'
        WHEN counted.redeclared THEN 'redeclared'
        WHEN counted.origin_period IS NULL THEN 'not_closed'
        ELSE 'in_force'
    END AS standing
FROM stored.image_licensed AS licensed
INNER JOIN explain_input AS asked ON licensed.image_id = asked.reference
CROSS JOIN close_input
LEFT JOIN licence AS counted ON licensed.seq = counted.seq
WHERE licensed.seq <= close_input.log_seq
