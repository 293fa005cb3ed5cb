-- What an image earned a contributor in the period, by the log up to the close's position: its
-- share of the contributor's part of a manifest, what is attributed to it, its direct royalties.
-- Grain: one row per image, contributor, basis, reference, currency and licence with an amount.
--
-- image_id VARCHAR: the image
-- contributor_id VARCHAR: whom it earned it
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: the image itself of a direct royalty, model version of a pool's
-- currency VARCHAR: currency of the events
-- licence_id VARCHAR: the licence: the one sold, or the one under which the image was trained on
-- amount_micros DECIMAL(38, 0): what it earned, in micros, above 0
WITH of_manifest AS (
    SELECT
        share.image_id,
        image_part.contributor_id,
        part.basis,
        part.reference,
        part.currency,
        image.licence_seq,
        share.amount_micros
    FROM image_share AS share
    INNER JOIN image_part ON share.part_id = image_part.part_id
    INNER JOIN pool_part AS part ON image_part.pool_part_id = part.part_id
    INNER JOIN manifest_image AS image
        ON
            part.model_id = image.model_id
            AND part.version = image.version
            AND share.image_id = image.image_id
    WHERE share.amount_micros > 0
),

attributed AS (
    SELECT
        part.image_id,
        share.contributor_id,
        part.basis,
        part.reference,
        part.currency,
        part.licence_seq,
        share.amount_micros
    FROM claim_share AS share
    INNER JOIN pool_part AS part ON share.part_id = part.part_id
    CROSS JOIN earnings_input
    WHERE
        part.image_id IS NOT NULL
        AND part.origin_period = earnings_input.period
        AND share.contributor_id = coalesce(earnings_input.contributor_id, share.contributor_id)
),

direct AS (
    SELECT
        share.image_id,
        share.contributor_id,
        'direct' AS basis,
        share.image_id AS reference,
        share.currency,
        share.licence_seq,
        share.amount_micros
    FROM direct_share AS share
    CROSS JOIN earnings_input
    WHERE
        NOT share.no_terms
        AND share.origin_period = earnings_input.period
        AND share.contributor_id = coalesce(earnings_input.contributor_id, share.contributor_id)
),

earned AS (
    SELECT * FROM of_manifest
    UNION ALL
    SELECT * FROM attributed
    UNION ALL
    SELECT * FROM direct
)

SELECT
    earned.image_id,
    earned.contributor_id,
    earned.basis,
    earned.reference,
    earned.currency,
    licence.licence_id,
    CAST(sum(earned.amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM earned
INNER JOIN licence ON earned.licence_seq = licence.seq
GROUP BY
    earned.image_id,
    earned.contributor_id,
    earned.basis,
    earned.reference,
    earned.currency,
    licence.licence_id
HAVING sum(earned.amount_micros) > 0
