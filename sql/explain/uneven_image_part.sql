-- A contributor's part of a manifest that isn't what the contributor's images get of it.
-- Grain: one row per such part; none where all is equal.
--
-- part_id BIGINT: the contributor's part
-- amount_micros DECIMAL(38, 0): the part, in micros
-- images_micros DECIMAL(38, 0): what the images get, in micros
WITH images AS (
    SELECT part_id, sum(amount_micros) AS amount_micros
    FROM image_share
    GROUP BY part_id
)

SELECT
    part.part_id,
    part.amount_micros,
    CAST(coalesce(images.amount_micros, 0) AS DECIMAL(38, 0)) AS images_micros
FROM image_part AS part
LEFT JOIN images ON part.part_id = images.part_id
WHERE part.amount_micros != coalesce(images.amount_micros, 0)
