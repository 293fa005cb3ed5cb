-- A contributor's share of a licence of the image, and the royalty of its fee (SPEC §5.1).
-- Grain: one row per licence's event and contributor.
--
-- licence_seq BIGINT: position in the log of the licence's event
-- contributor_id VARCHAR: the contributor
-- share_ppm INTEGER: the share, in ppm
-- amount_micros DECIMAL(38, 0): the royalty, or what is held for want of terms, in micros; null
--   where the licence doesn't count yet
-- no_terms BOOLEAN: whether it is held, for want of terms; null as the amount is
SELECT
    licence.seq AS licence_seq,
    owner.contributor_id,
    owner.share_ppm,
    CAST(share.amount_micros AS DECIMAL(38, 0)) AS amount_micros,
    share.no_terms
FROM explained_image_licence AS licence
INNER JOIN stored.licence_contributor AS owner ON licence.seq = owner.seq
LEFT JOIN direct_share AS share
    ON licence.seq = share.licence_seq AND owner.contributor_id = share.contributor_id
