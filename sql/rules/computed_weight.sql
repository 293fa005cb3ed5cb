-- What a claimant weighs in a manifest that the close weighs (SPEC §5.2, Manifest).
-- Grain: one row per such model version and contributor, and one per version for its unlicensed
--   images.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- contributor_id VARCHAR: the contributor; null for the unlicensed images
-- weight DECIMAL(38, 0): sum of weight times share, in 10^-9
WITH image AS (
    SELECT manifest_image.*
    FROM manifest_image
    SEMI JOIN weighed_version
        ON
            manifest_image.model_id = weighed_version.model_id
            AND manifest_image.version = weighed_version.version
)

SELECT
    image.model_id,
    image.version,
    owner.contributor_id,
    CAST(sum(CAST(image.weight_milli AS HUGEINT) * owner.share_ppm) AS DECIMAL(38, 0)) AS weight
FROM image
INNER JOIN in_force.licence_contributor AS owner ON image.licence_seq = owner.seq
GROUP BY image.model_id, image.version, owner.contributor_id
UNION ALL
SELECT
    image.model_id,
    image.version,
    NULL AS contributor_id,
    CAST(sum(CAST(image.weight_milli AS HUGEINT) * 1000000) AS DECIMAL(38, 0)) AS weight
FROM image
WHERE image.licence_seq IS NULL
GROUP BY image.model_id, image.version
