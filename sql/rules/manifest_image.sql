-- An image of a manifest that a part of a pool comes to, with the licence under which it was
-- trained on (SPEC §5, Training licence).
-- Grain: one row per model version that a pool's rest or an attribution comes to, and image of its
-- manifest.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- image_id VARCHAR: the image
-- weight_milli INTEGER: its weight, in milli
-- licence_seq BIGINT: the licence's event; null where the image was not licensed
WITH reached AS (
    SELECT part_model_id AS model_id, part_version AS version FROM lineage_part
    UNION
    SELECT model_id, version FROM attributed_image
),

trained AS (
    SELECT
        model_version.model_id,
        model_version.version,
        model_version.developer_id,
        model_version.trained_at,
        model_version.manifest_sha256
    FROM reached
    INNER JOIN model_version
        ON
            reached.model_id = model_version.model_id
            AND reached.version = model_version.version
            AND NOT model_version.redeclared
),

training_licence AS (
    SELECT * FROM licence WHERE use = 'training' AND NOT redeclared
)

SELECT
    trained.model_id,
    trained.version,
    entry.image_id,
    entry.weight_milli,
    licence.seq AS licence_seq
FROM trained
INNER JOIN stored.manifest_entry AS entry ON trained.manifest_sha256 = entry.manifest_sha256
LEFT JOIN training_licence AS licence
    ON
        entry.image_id = licence.image_id
        AND trained.developer_id = licence.licensee_id
        AND trained.trained_at >= licence.valid_from
        AND trained.trained_at < licence.valid_until
        AND trained.trained_at < licence.revoked_at
QUALIFY row_number() OVER (
    PARTITION BY trained.model_id, trained.version, entry.image_id
    ORDER BY licence.valid_from DESC, licence.licence_id DESC
) = 1
