-- What a claimant weighs in a manifest (SPEC §5.2, Manifest).
-- Grain: one row per model version and contributor, and one per version for its unlicensed images.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- contributor_id VARCHAR: the contributor; null for the unlicensed images
-- weight HUGEINT: sum of weight times share, in 10^-9
SELECT
    image.model_id,
    image.version,
    owner.contributor_id,
    sum(CAST(image.weight_milli AS HUGEINT) * owner.share_ppm) AS weight
FROM manifest_image AS image
INNER JOIN in_force.licence_contributor AS owner ON image.licence_seq = owner.seq
GROUP BY image.model_id, image.version, owner.contributor_id
UNION ALL
SELECT
    image.model_id,
    image.version,
    NULL AS contributor_id,
    sum(CAST(image.weight_milli AS HUGEINT) * 1000000) AS weight
FROM manifest_image AS image
WHERE image.licence_seq IS NULL
GROUP BY image.model_id, image.version
