-- A licence in force; where one `licence_id` was declared again, the first counts (SPEC §5).
-- Grain: one row per `image-licensed` event in force that the close reads.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: source of the event
-- id VARCHAR: id of the event
-- occurred_at TIMESTAMP: when the licence was sold
-- origin_period VARCHAR: period it was sold in; null where that is after the one being closed
-- licence_id VARCHAR: the licence
-- image_id VARCHAR: the image
-- licensee_id VARCHAR: who may use it
-- use VARCHAR: `download` or `training`
-- currency VARCHAR: currency of the fee
-- fee_micros BIGINT: the fee, in micros
-- valid_from TIMESTAMP: first instant of its validity
-- valid_until TIMESTAMP: first instant after it, `infinity` where it has no end
-- revoked_at TIMESTAMP: instant from which it is revoked, `infinity` where it isn't
-- redeclared BOOLEAN: whether an earlier event declared the `licence_id`, so that this one is held
WITH revocation AS (
    SELECT licence_id, min(effective_at) AS revoked_at
    FROM in_force.licence_revoked
    GROUP BY licence_id
)

SELECT
    licensed.seq,
    licensed.source,
    licensed.id,
    licensed.occurred_at,
    licensed.origin_period,
    licensed.licence_id,
    licensed.image_id,
    licensed.licensee_id,
    licensed.use,
    licensed.currency,
    licensed.fee_micros,
    licensed.valid_from,
    coalesce(licensed.valid_until, TIMESTAMP 'infinity') AS valid_until,
    coalesce(revocation.revoked_at, TIMESTAMP 'infinity') AS revoked_at,
    row_number() OVER (
        PARTITION BY licensed.licence_id
        ORDER BY licensed.occurred_at, licensed.source, licensed.id
    ) > 1 AS redeclared
FROM in_force.image_licensed AS licensed
LEFT JOIN revocation ON licensed.licence_id = revocation.licence_id
WHERE
    (SELECT close_input.known_seq = 0 FROM close_input)
    OR licensed.licence_id IN (SELECT wanted_licence.licence_id FROM wanted_licence)
