-- What a generation pool owes for one image that its generations attribute (SPEC §5.2,
-- Attribution).
-- Grain: one row per generation pool and attributed image.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- image_id VARCHAR: the attributed image
-- amount_micros HUGEINT: what the image gets, in micros, above 0
WITH attributed AS (
    SELECT
        generation.model_id,
        generation.version,
        generation.reference,
        generation.origin_period,
        generation.currency,
        attribution.image_id,
        sum(
            CAST(generation.revenue_micros AS HUGEINT)
            * generation.share_ppm * attribution.share_ppm
        ) AS owed
    FROM generation
    INNER JOIN in_force.attribution AS attribution ON generation.seq = attribution.seq
    WHERE generation.share_ppm IS NOT NULL AND generation.known
    GROUP BY
        generation.model_id,
        generation.version,
        generation.reference,
        generation.origin_period,
        generation.currency,
        attribution.image_id
)

SELECT
    model_id,
    version,
    reference,
    origin_period,
    currency,
    image_id,
    floor_div(owed, 1000000000000) AS amount_micros
FROM attributed
WHERE owed >= 1000000000000
