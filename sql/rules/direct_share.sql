-- What a licence's fee gives each of its contributors (SPEC §5.1).
-- Grain: one row per contributor of a licence that counts, of what the close computes.
--
-- licence_seq BIGINT: the licence's event
-- contributor_id VARCHAR: the contributor
-- image_id VARCHAR: the image, which is the line's reference
-- origin_period VARCHAR: period of the licence
-- currency VARCHAR: currency of the fee
-- licence_id VARCHAR: the licence
-- use VARCHAR: `download` or `training`
-- fee_micros BIGINT: the fee, in micros
-- share_ppm INTEGER: the contributor's share, in ppm
-- download_number BIGINT: which of the contributor's downloads of the year it is, from 1
-- rate_ppm INTEGER: rate of the level, or `training_share`, in ppm; null where there is none
-- rate_seq BIGINT: position in the log of the event that agreed on it
-- floor_micros BIGINT: `direct_floor` in the fee's currency, in micros
-- floor_seq BIGINT: position in the log of the event that agreed on it; null where there is none
-- amount_micros HUGEINT: the royalty; where no terms are in force the share of the fee that is held
-- no_terms BOOLEAN: whether it is held, for want of terms
WITH owned AS (
    SELECT
        licence.*,
        owner.contributor_id,
        owner.share_ppm,
        count(*) FILTER (WHERE licence.use = 'download') OVER (
            PARTITION BY owner.contributor_id, date_trunc('year', licence.occurred_at)
            ORDER BY licence.occurred_at, licence.source, licence.id
            ROWS UNBOUNDED PRECEDING
        ) AS download_number,
        term_scope('direct_levels', owner.contributor_id) AS levels_scope,
        term_scope('direct_floor', owner.contributor_id) AS floor_scope
    FROM licence
    INNER JOIN in_force.licence_contributor AS owner ON licence.seq = owner.seq
    WHERE NOT licence.redeclared
),

rated AS (
    SELECT
        owned.seq AS licence_seq,
        owned.contributor_id,
        owned.image_id,
        owned.origin_period,
        owned.currency,
        owned.licence_id,
        owned.use,
        owned.share_ppm,
        owned.fee_micros,
        owned.download_number,
        CASE
            WHEN owned.use = 'training' THEN training_share.rate_ppm
            ELSE list_last(
                list_filter(
                    direct_levels.levels, lambda level: level."from" < owned.download_number
                )
            ).rate_ppm
        END AS rate_ppm,
        CASE
            WHEN owned.use = 'training' THEN training_share.seq
            ELSE direct_levels.seq
        END AS rate_seq,
        CASE WHEN owned.use = 'download' THEN direct_floor.seq END AS floor_seq,
        CASE
            WHEN owned.use = 'training' THEN 0
            ELSE agreed_amount(direct_floor.amounts, owned.currency)
        END AS floor_micros
    FROM owned
    LEFT JOIN term AS direct_levels
        ON in_effect(direct_levels, 'direct_levels', owned.levels_scope, owned.occurred_at)
    LEFT JOIN term AS direct_floor
        ON in_effect(direct_floor, 'direct_floor', owned.floor_scope, owned.occurred_at)
    LEFT JOIN term AS training_share
        ON in_effect(training_share, 'training_share', '', owned.occurred_at)
    WHERE
        owned.origin_period IS NOT NULL
        AND touches('direct', owned.image_id, owned.origin_period, owned.currency)
),

floored AS (
    SELECT
        *,
        floor_div(CAST(fee_micros AS HUGEINT) * share_ppm, 1000000) AS fee_share_micros,
        floor_div(
            CAST(fee_micros AS HUGEINT) * share_ppm * rate_ppm, 1000000000000
        ) AS rated_micros,
        floor_div(CAST(floor_micros AS HUGEINT) * share_ppm, 1000000) AS floor_share_micros
    FROM rated
)

SELECT
    licence_seq,
    contributor_id,
    image_id,
    origin_period,
    currency,
    licence_id,
    use,
    fee_micros,
    share_ppm,
    download_number,
    rate_ppm,
    rate_seq,
    floor_micros,
    floor_seq,
    CASE
        WHEN rate_ppm IS NULL THEN fee_share_micros
        ELSE least(greatest(rated_micros, floor_share_micros), fee_share_micros)
    END AS amount_micros,
    rate_ppm IS NULL AS no_terms
FROM floored
