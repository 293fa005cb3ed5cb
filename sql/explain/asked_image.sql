-- An image of a manifest whose licence has to be known where one line alone is explained: of
-- `weighed_image`, which is what a close has to know, or one that may give the contributor a claim.
-- It stands in the place of `wanted_image`.
-- Grain: one row per model version and image, or more, which are equal.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- developer_id VARCHAR: who trained it
-- trained_at TIMESTAMP: when
-- image_id VARCHAR: the image
-- weight_milli INTEGER: its weight, in milli
WITH own AS (
    SELECT DISTINCT licensed.image_id
    FROM stored.licence_contributor AS owner
    INNER JOIN explain_input AS asked ON owner.contributor_id = asked.contributor_id
    INNER JOIN stored.image_licensed AS licensed ON owner.seq = licensed.seq
)

SELECT model_id, version, developer_id, trained_at, image_id, weight_milli
FROM weighed_image
UNION ALL
SELECT
    trained.model_id,
    trained.version,
    trained.developer_id,
    trained.trained_at,
    entry.image_id,
    entry.weight_milli
FROM model_version AS trained
INNER JOIN stored.manifest_entry AS entry ON trained.manifest_sha256 = entry.manifest_sha256
INNER JOIN own ON entry.image_id = own.image_id
WHERE
    NOT trained.redeclared
    AND (trained.model_id, trained.version) IN (
        SELECT (kept_weight.model_id, kept_weight.version) FROM kept_weight
    )
