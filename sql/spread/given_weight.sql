-- What a claim weighs, as it is given to the worker that splits its part.
-- Grain: one row per part of the group and claimant.
--
-- part_id BIGINT: the part
-- claimant VARCHAR: the contributor; null for what is held as `unlicensed_image`
-- weight DECIMAL(38, 0): what the claim weighs; a Parquet file has no exact HUGEINT
SELECT
    claim.part_id,
    claim.claimant,
    CAST(claim.weight AS DECIMAL(38, 0)) AS weight
FROM claim_weight AS claim
INNER JOIN asked_group AS asked ON claim.part_id BETWEEN asked.first_part AND asked.last_part
