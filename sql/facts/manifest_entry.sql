-- An image of a manifest, with its weight.
-- Grain: one row per manifest and image, once however many model versions share the manifest.
--
-- manifest_sha256 VARCHAR: the manifest, as `model_trained` names it
-- image_id VARCHAR: the image
-- weight_milli INTEGER: the image's weight, in thousandths
WITH known AS (
    SELECT manifest_sha256
    FROM warehouse.model_trained
    WHERE seq < (SELECT min(seq) FROM event)
),

inline_manifest AS (
    SELECT
        content_sha256 AS manifest_sha256,
        any_value(content) AS content
    FROM event
    WHERE type = 'model-trained' AND json_type(content, '$.data.manifest') = 'ARRAY'
    GROUP BY content_sha256
),

inline_entry AS (
    SELECT
        manifest_sha256,
        unnest(
            from_json(
                content,
                '{"data": {"manifest": [{"image_id": "VARCHAR", "weight": "VARCHAR"}]}}'
            ).data.manifest
        ) AS entry
    FROM inline_manifest
    WHERE manifest_sha256 NOT IN (SELECT manifest_sha256 FROM known)
),

named AS (
    SELECT json_extract_string(content, '$.data.manifest.sha256') AS manifest_sha256
    FROM event
    WHERE type = 'model-trained'
)

SELECT
    manifest_sha256,
    entry.image_id,
    milli(entry.weight) AS weight_milli
FROM inline_entry
UNION ALL
SELECT
    manifest_sha256,
    image_id,
    weight_milli
FROM manifest_row
WHERE
    manifest_sha256 IN (SELECT manifest_sha256 FROM named)
    AND manifest_sha256 NOT IN (SELECT manifest_sha256 FROM known)
