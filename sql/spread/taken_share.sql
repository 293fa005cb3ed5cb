-- What a claim gets, as the worker that split its part returns it.
-- Grain: one row per claim of the group.
--
-- part_id BIGINT: the part
-- contributor_id VARCHAR: the claimant; null for what is held as `unlicensed_image`
-- amount_micros DECIMAL(38, 0): the claim's share of the part, in micros
SELECT
    part_id,
    contributor_id,
    CAST(amount_micros AS DECIMAL(38, 0)) AS amount_micros
FROM claim_share
