-- An image that a generation that counts attributes its revenue to (SPEC §5, Reversal).
-- Grain: one row per `asset-generated` event in force and attributed image.
--
-- seq BIGINT: position of the event in the log
-- image_id VARCHAR: the image
-- share_ppm INTEGER: the image's share, in millionths
SELECT
    seq,
    image_id,
    share_ppm
FROM stored.attribution
WHERE counts(seq)
