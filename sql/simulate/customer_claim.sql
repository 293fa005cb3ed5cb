-- A claim to a customer's part of a pool, by weight (SPEC §5.2, Splitting).
-- Grain: one row per customer's part and claimant.
--
-- part_id BIGINT: the customer's part
-- claimant VARCHAR: the image; null for the manifest
-- amount_micros DECIMAL(38, 0): the whole part, in micros
-- weight HUGEINT: what the claim weighs
-- pool_name VARCHAR: the pool, for a message
SELECT
    claimed.part_id,
    claimed.claimant,
    part.amount_micros,
    claimed.weight,
    concat_ws(
        ' ', 'generation pool', part.reference, part.origin_period, part.currency
    ) AS pool_name
FROM customer_centric AS claimed
INNER JOIN customer_part AS part ON claimed.part_id = part.part_id
