-- An image of a manifest that the close has to know the licence of: of a version that it weighs, or
-- attributed by a generation.
-- Grain: one row per model version and image.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- developer_id VARCHAR: who trained it
-- trained_at TIMESTAMP: when
-- image_id VARCHAR: the image
-- weight_milli INTEGER: its weight, in milli
WITH attributed AS (
    SELECT DISTINCT
        attributed_image.model_id,
        attributed_image.version,
        attributed_image.image_id
    FROM attributed_image
    ANTI JOIN weighed_version
        ON
            attributed_image.model_id = weighed_version.model_id
            AND attributed_image.version = weighed_version.version
)

SELECT
    trained.model_id,
    trained.version,
    trained.developer_id,
    trained.trained_at,
    entry.image_id,
    entry.weight_milli
FROM weighed_version AS weighed
INNER JOIN model_version AS trained
    ON weighed.model_id = trained.model_id AND weighed.version = trained.version
INNER JOIN stored.manifest_entry AS entry ON trained.manifest_sha256 = entry.manifest_sha256
WHERE NOT trained.redeclared
UNION ALL
SELECT
    trained.model_id,
    trained.version,
    trained.developer_id,
    trained.trained_at,
    entry.image_id,
    entry.weight_milli
FROM attributed
INNER JOIN model_version AS trained
    ON attributed.model_id = trained.model_id AND attributed.version = trained.version
INNER JOIN stored.manifest_entry AS entry
    ON
        trained.manifest_sha256 = entry.manifest_sha256
        AND attributed.image_id = entry.image_id
WHERE NOT trained.redeclared
