-- An advance paid by the end of the period; where one `advance_id` was declared again, the first
-- counts (SPEC §5).
-- Grain: one row per `advance-paid` event in force that occurred before the end of the period.
--
-- seq BIGINT: position of the event in the log
-- advance_id VARCHAR: the advance
-- contributor_id VARCHAR: who got it
-- occurred_at TIMESTAMP: when it was paid, in UTC
-- origin_period VARCHAR: period it was paid in
-- currency VARCHAR: currency it was paid in
-- amount_micros BIGINT: the advance, in micros
-- redeclared BOOLEAN: whether an earlier event declared the `advance_id`, so that this one is held
WITH declared AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY advance_id ORDER BY occurred_at, source, id
        ) > 1 AS redeclared
    FROM in_force.advance
)

SELECT
    seq,
    advance_id,
    contributor_id,
    occurred_at,
    origin_period,
    currency,
    amount_micros,
    redeclared
FROM declared
WHERE origin_period IS NOT NULL
