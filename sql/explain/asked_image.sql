-- An image of a manifest whose licence has to be known where one line alone is explained: one that
-- may give the contributor a claim, and each of a version that is weighed. It stands in the place
-- of `wanted_image`.
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
),

-- the one whose pool it is, whose generations may attribute images, and those that it builds on
used AS (
    SELECT trained.*
    FROM model_version AS trained
    INNER JOIN explain_input AS asked ON trained.reference = asked.reference
    WHERE NOT trained.redeclared
    UNION
    SELECT trained.*
    FROM model_version AS trained
    INNER JOIN lineage_part AS part
        ON trained.model_id = part.part_model_id AND trained.version = part.part_version
    WHERE NOT trained.redeclared
)

SELECT
    used.model_id,
    used.version,
    used.developer_id,
    used.trained_at,
    entry.image_id,
    entry.weight_milli
FROM used
INNER JOIN stored.manifest_entry AS entry ON used.manifest_sha256 = entry.manifest_sha256
INNER JOIN own ON entry.image_id = own.image_id
UNION ALL
SELECT
    used.model_id,
    used.version,
    used.developer_id,
    used.trained_at,
    entry.image_id,
    entry.weight_milli
FROM used
INNER JOIN weighed_version AS weighed
    ON used.model_id = weighed.model_id AND used.version = weighed.version
INNER JOIN stored.manifest_entry AS entry ON used.manifest_sha256 = entry.manifest_sha256
