-- An image of a manifest that the close has to know the licence of, with the licence under which it
-- was trained on (SPEC §5, Training licence).
-- Grain: one row per model version and image of `wanted_image`.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- image_id VARCHAR: the image
-- weight_milli INTEGER: its weight, in milli
-- licence_seq BIGINT: the licence's event; null where the image was not licensed
WITH training_licence AS (
    SELECT * FROM licence WHERE use = 'training' AND NOT redeclared
)

SELECT
    image.model_id,
    image.version,
    image.image_id,
    image.weight_milli,
    licence.seq AS licence_seq
FROM wanted_image AS image
LEFT JOIN training_licence AS licence
    ON
        image.image_id = licence.image_id
        AND image.developer_id = licence.licensee_id
        AND image.trained_at >= licence.valid_from
        AND image.trained_at < licence.valid_until
        AND image.trained_at < licence.revoked_at
QUALIFY row_number() OVER (
    PARTITION BY image.model_id, image.version, image.image_id
    ORDER BY licence.valid_from DESC, licence.licence_id DESC
) = 1
