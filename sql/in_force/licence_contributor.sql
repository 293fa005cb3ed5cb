-- A contributor's share of a licence that counts (SPEC §5, Reversal).
-- Grain: one row per `image-licensed` event in force and contributor.
--
-- seq BIGINT: position of the event in the log
-- contributor_id VARCHAR: who owns a share of the image's rights
-- share_ppm INTEGER: the share, in millionths; those of one event add up to 1000000
SELECT
    seq,
    contributor_id,
    share_ppm
FROM stored.licence_contributor
WHERE counts(seq)
