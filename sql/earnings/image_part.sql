-- What a contributor gets of a part of a pool that comes to a manifest. It is split over the images
-- that make the contributor's weight there (SPEC §5.2, Manifest).
-- Grain: one row per contributor asked for, and part of a pool of the period that comes to a
-- manifest, where the contributor gets anything; of an image the contributors that it earns for.
--
-- part_id BIGINT: its number
-- pool_part_id BIGINT: the part of the pool
-- contributor_id VARCHAR: the contributor
-- amount_micros DECIMAL(38, 0): what the contributor gets of it, in micros, above 0
WITH owned_image AS (
    SELECT image.model_id, image.version, owner.contributor_id
    FROM manifest_image AS image
    INNER JOIN earnings_input ON image.image_id = earnings_input.image_id
    INNER JOIN in_force.licence_contributor AS owner ON image.licence_seq = owner.seq
)

SELECT
    row_number() OVER (ORDER BY share.part_id, share.contributor_id) AS part_id,
    share.part_id AS pool_part_id,
    share.contributor_id,
    CAST(share.amount_micros AS DECIMAL(38, 0)) AS amount_micros
FROM claim_share AS share
INNER JOIN pool_part AS part ON share.part_id = part.part_id
CROSS JOIN earnings_input
WHERE
    part.origin_period = coalesce(earnings_input.period, part.origin_period)
    AND part.model_id IS NOT NULL
    AND share.amount_micros > 0
    AND share.contributor_id = coalesce(earnings_input.contributor_id, share.contributor_id)
    AND (
        earnings_input.image_id IS NULL
        OR (part.model_id, part.version, share.contributor_id) IN (
            SELECT (owned_image.model_id, owned_image.version, owned_image.contributor_id)
            FROM owned_image
        )
    )
