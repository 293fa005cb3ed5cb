-- An image by which the contributor has a claim on a part of the line's pool (SPEC §5.2, Manifest).
-- Grain: one row per part and image of the contributor's.
--
-- part_id BIGINT: number of the part among the close's
-- image_id VARCHAR: the image
-- weight_milli INTEGER: its weight in the manifest, in milli; null where the part is its own
-- share_ppm INTEGER: the contributor's share of it by the licence, in ppm
-- licence_id VARCHAR: the licence
-- licence_seq BIGINT: position in the log of the licence's event
WITH used AS (
    SELECT
        part.part_id,
        image.image_id,
        image.weight_milli,
        image.licence_seq
    FROM explained_part AS part
    INNER JOIN manifest_image AS image
        ON part.model_id = image.model_id AND part.version = image.version
    UNION ALL
    SELECT part_id, image_id, NULL AS weight_milli, licence_seq
    FROM explained_part
    WHERE image_id IS NOT NULL
)

SELECT
    used.part_id,
    used.image_id,
    used.weight_milli,
    owner.share_ppm,
    licence.licence_id,
    used.licence_seq
FROM used
INNER JOIN in_force.licence_contributor AS owner ON used.licence_seq = owner.seq
INNER JOIN explain_input AS asked ON owner.contributor_id = asked.contributor_id
INNER JOIN licence ON used.licence_seq = licence.seq
