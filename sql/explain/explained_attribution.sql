-- A generation that attributes an image by which the contributor has a claim (SPEC §5.2,
-- Attribution).
-- Grain: one row per attributed image of the contributor's in the line's pool, and generation.
--
-- part_id BIGINT: number of the image's part among the close's
-- seq BIGINT: position of the generation's event in the log
-- revenue_micros BIGINT: its revenue, in micros
-- share_ppm INTEGER: the share of it that contributors get, in ppm
-- attributed_ppm INTEGER: the image's share of that, in ppm
SELECT
    part.part_id,
    payment.seq,
    payment.paid_micros AS revenue_micros,
    payment.share_ppm,
    attribution.share_ppm AS attributed_ppm
FROM explained_part AS part
INNER JOIN in_force.attribution AS attribution ON part.image_id = attribution.image_id
INNER JOIN explained_payment AS payment ON attribution.seq = payment.seq
