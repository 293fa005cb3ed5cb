-- What each image gets of its contributor's part (SPEC §5.2, Splitting): ties go to the image first
-- in order.
-- Grain: one row per contributor's part that is split and image.
--
-- part_id BIGINT: the contributor's part
-- image_id VARCHAR: the image
-- amount_micros HUGEINT: the image's share of the part, in micros
SELECT
    part_id,
    claimant AS image_id,
    amount_micros
FROM split_claims('image_claim')
