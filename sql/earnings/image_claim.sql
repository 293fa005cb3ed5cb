-- An image's claim to what its contributor gets of a manifest, by weight times share (SPEC §5.2,
-- Manifest, Splitting).
-- Grain: one row per contributor's part that is split and image.
--
-- part_id BIGINT: the contributor's part
-- claimant VARCHAR: the image
-- amount_micros DECIMAL(38, 0): the whole part, in micros
-- weight HUGEINT: weight times the contributor's share, in 10^-9
-- pool_name VARCHAR: the pool, for a message
SELECT
    image_part.part_id,
    image.image_id AS claimant,
    image_part.amount_micros,
    CAST(image.weight_milli AS HUGEINT) * owner.share_ppm AS weight,
    concat_ws(
        ' ', part.basis, 'pool', part.reference, part.origin_period, part.currency
    ) AS pool_name
FROM image_part
INNER JOIN pool_part AS part ON image_part.pool_part_id = part.part_id
INNER JOIN manifest_image AS image
    ON part.model_id = image.model_id AND part.version = image.version
INNER JOIN in_force.licence_contributor AS owner
    ON image.licence_seq = owner.seq AND image_part.contributor_id = owner.contributor_id
