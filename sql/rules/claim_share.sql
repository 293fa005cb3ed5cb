-- What each claim gets (SPEC §5.2, Splitting): ties go to the contributor first in order, and to
-- what is held last.
-- Grain: one row per claim.
--
-- part_id BIGINT: the part
-- contributor_id VARCHAR: the claimant; null for what is held as `unlicensed_image`
-- amount_micros HUGEINT: the claim's share of the part, in micros
SELECT
    part_id,
    claimant AS contributor_id,
    amount_micros
FROM split_claims('claim')
