-- A part of a pool: what comes to a manifest, to an attributed image, or is held at once
-- (SPEC §5.2).
-- Grain: one row per part; the parts of a pool sum to it.
--
-- part_id BIGINT: number of the part, by what it comes to
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: reference of the pool
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- amount_micros DECIMAL(38, 0): the part, in micros
-- model_id VARCHAR: model whose manifest it comes to; null where it comes to none
-- version VARCHAR: version whose manifest it comes to; null where it comes to none
-- image_id VARCHAR: the attributed image; null where the part isn't an image's
-- licence_seq BIGINT: its licence; null where it has none
-- reason VARCHAR: why it is held; null where it is split
WITH part AS (
    SELECT
        basis,
        reference,
        origin_period,
        currency,
        amount_micros,
        part_model_id AS model_id,
        part_version AS version,
        NULL AS image_id,
        NULL AS licence_seq,
        reason
    FROM lineage_part
    UNION ALL
    SELECT
        'generation' AS basis,
        attributed.reference,
        attributed.origin_period,
        attributed.currency,
        attributed.amount_micros,
        NULL AS model_id,
        NULL AS version,
        attributed.image_id,
        image.licence_seq,
        CASE
            WHEN image.image_id IS NULL THEN 'image_not_in_manifest'
            WHEN image.licence_seq IS NULL THEN 'unlicensed_image'
        END AS reason
    FROM attributed_image AS attributed
    LEFT JOIN manifest_image AS image
        ON
            attributed.model_id = image.model_id
            AND attributed.version = image.version
            AND attributed.image_id = image.image_id
)

SELECT
    row_number() OVER (
        ORDER BY basis, reference, origin_period, currency, model_id, version, image_id, reason
    ) AS part_id,
    part.*
FROM part
