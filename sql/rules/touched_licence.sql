-- A licence of which something is news, with all that declared its `licence_id`: which of them
-- counts may be another than at the close before.
-- Grain: one row per `image-licensed` event, in force or not, of such a `licence_id`.
--
-- seq BIGINT: position of the event in the log
-- occurred_at TIMESTAMP: when the licence was sold
-- image_id VARCHAR: the image
-- licensee_id VARCHAR: who may use it
-- use VARCHAR: `download` or `training`
-- currency VARCHAR: currency of the fee
-- valid_from TIMESTAMP: first instant of its validity
-- valid_until TIMESTAMP: first instant after it, `infinity` where it has no end
-- declared BOOLEAN: whether a declaration is news, and not just a revocation
WITH changed AS (
    SELECT licence_id, TRUE AS declared
    FROM stored.image_licensed
    WHERE is_news(seq)
    UNION ALL
    SELECT licence_id, FALSE
    FROM stored.licence_revoked
    WHERE is_news(seq)
),

named AS (
    SELECT licence_id, bool_or(declared) AS declared
    FROM changed
    GROUP BY licence_id
)

SELECT
    licensed.seq,
    licensed.occurred_at,
    licensed.image_id,
    licensed.licensee_id,
    licensed.use,
    licensed.currency,
    licensed.valid_from,
    coalesce(licensed.valid_until, TIMESTAMP 'infinity') AS valid_until,
    named.declared
FROM stored.image_licensed AS licensed
INNER JOIN named ON licensed.licence_id = named.licence_id
CROSS JOIN close_input
WHERE licensed.seq <= close_input.log_seq
