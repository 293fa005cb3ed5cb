-- A part of the line's pool that comes to the contributor, with the exact fraction that it is of
-- what was split (SPEC §5.2, Splitting).
-- Grain: one row per part of the pool that the contributor has a claim on.
--
-- part_id BIGINT: number of the part among the close's
-- model_id VARCHAR: model whose manifest it is split over; null where it is an attributed image's
-- version VARCHAR: its version
-- image_id VARCHAR: the attributed image; null where it is a manifest's
-- licence_seq BIGINT: the image's licence; null where it is a manifest's
-- part_micros DECIMAL(38, 0): what is split, in micros
-- weight HUGEINT: the contributor's weight
-- total_weight HUGEINT: all claimants' weights
-- floor_micros DECIMAL(38, 0): the contributor's share of it, floored, in micros
-- amount_micros DECIMAL(38, 0): what the contributor gets, with a leftover micro where one came
WITH part AS (
    SELECT pool_part.*
    FROM pool_part
    INNER JOIN explain_input AS asked
        ON
            pool_part.basis = asked.basis
            AND pool_part.reference = asked.reference
            AND pool_part.origin_period = asked.origin_period
            AND pool_part.currency = asked.currency
    WHERE pool_part.reason IS NULL
),

weighed AS (
    SELECT
        claim.part_id,
        claim.claimant,
        claim.weight,
        claim.pool_name,
        sum(claim.weight) OVER (PARTITION BY claim.part_id) AS total_weight
    FROM claim
    INNER JOIN part ON claim.part_id = part.part_id
),

multiplied AS (
    SELECT
        weighed.part_id,
        weighed.claimant,
        weighed.weight,
        weighed.total_weight,
        exact_product(part.amount_micros, weighed.weight, weighed.pool_name) AS product
    FROM weighed
    INNER JOIN part ON weighed.part_id = part.part_id
)

SELECT
    part.part_id,
    part.model_id,
    part.version,
    part.image_id,
    part.licence_seq,
    CAST(part.amount_micros AS DECIMAL(38, 0)) AS part_micros,
    multiplied.weight,
    multiplied.total_weight,
    CAST(floor_div(multiplied.product, multiplied.total_weight) AS DECIMAL(38, 0)) AS floor_micros,
    CAST(share.amount_micros AS DECIMAL(38, 0)) AS amount_micros
FROM part
INNER JOIN multiplied ON part.part_id = multiplied.part_id
INNER JOIN explain_input AS asked ON multiplied.claimant = asked.contributor_id
INNER JOIN claim_share AS share
    ON part.part_id = share.part_id AND multiplied.claimant = share.contributor_id
