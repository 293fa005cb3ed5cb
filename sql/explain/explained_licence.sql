-- A licence that the line's entitlement comes from, with what made its royalty (SPEC §5.1).
-- Grain: one row per licence; none where the line's basis isn't `direct`.
--
-- seq BIGINT: position of the event in the log
-- licence_id VARCHAR: the licence
-- use VARCHAR: `download` or `training`
-- fee_micros BIGINT: the fee, in micros
-- share_ppm INTEGER: the contributor's share, in ppm
-- download_number BIGINT: which of the contributor's downloads of the year it is, from 1
-- rate_ppm INTEGER: rate of the level, or `training_share`, in ppm
-- rate_seq BIGINT: position in the log of the event that agreed on it
-- floor_micros BIGINT: `direct_floor` in the fee's currency, in micros
-- floor_seq BIGINT: position in the log of the event that agreed on it; null where there is none
-- amount_micros DECIMAL(38, 0): the royalty, in micros
SELECT
    share.licence_seq AS seq,
    share.licence_id,
    share.use,
    share.fee_micros,
    share.share_ppm,
    share.download_number,
    share.rate_ppm,
    share.rate_seq,
    share.floor_micros,
    share.floor_seq,
    CAST(share.amount_micros AS DECIMAL(38, 0)) AS amount_micros
FROM direct_share AS share
INNER JOIN explain_input AS asked
    ON
        asked.basis = 'direct'
        AND share.contributor_id = asked.contributor_id
        AND share.image_id = asked.reference
        AND share.origin_period = asked.origin_period
        AND share.currency = asked.currency
WHERE NOT share.no_terms
