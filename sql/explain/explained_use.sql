-- A training whose manifest has the image, and whether it counts (SPEC §5).
-- Grain: one row per `model-trained` event up to the close's position with the image.
--
-- seq BIGINT: position of the event in the log
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- developer_id VARCHAR: who trained it
-- trained_at TIMESTAMP: when
-- weight_milli INTEGER: the image's weight in the manifest, in milli
-- standing VARCHAR: `in_force`, `not_closed` where it is of a period after the close's,
--   `redeclared` where an earlier declaration counts, or `reversed`
-- is_reached BOOLEAN: whether money of a pool came to the manifest, or to an image by attribution
-- licence_seq BIGINT: the licence that the close found, where it is reached; null where it found
--   none
SELECT
    trained.seq,
    trained.model_id,
    trained.version,
    trained.developer_id,
    trained.occurred_at AS trained_at,
    entry.weight_milli,
    CASE
        WHEN counted.seq IS NULL THEN 'reversed'
        WHEN counted.redeclared THEN 'redeclared'
        WHEN counted.origin_period IS NULL THEN 'not_closed'
        ELSE 'in_force'
    END AS standing,
    coalesce(NOT counted.redeclared, FALSE) AND image.image_id IS NOT NULL AS is_reached,
    image.licence_seq
FROM stored.manifest_entry AS entry
INNER JOIN explain_input AS asked ON entry.image_id = asked.reference
INNER JOIN stored.model_trained AS trained ON entry.manifest_sha256 = trained.manifest_sha256
CROSS JOIN close_input
LEFT JOIN model_version AS counted ON trained.seq = counted.seq
LEFT JOIN manifest_image AS image
    ON
        trained.model_id = image.model_id
        AND trained.version = image.version
        AND entry.image_id = image.image_id
        AND NOT counted.redeclared
WHERE trained.seq <= close_input.log_seq
