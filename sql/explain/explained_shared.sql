-- How many contributors the pools of the model version come to, as they stand at the last close.
-- Grain: one row per basis and currency of a pool of which a contributor gets something.
--
-- basis VARCHAR: `training` or `generation`
-- currency VARCHAR: currency of the pools
-- contributors BIGINT: how many contributors get something of one of them
SELECT
    allocation.basis,
    allocation.currency,
    count(DISTINCT allocation.contributor_id) AS contributors
FROM warehouse.standing_allocation AS allocation
INNER JOIN explain_input AS asked ON allocation.reference = asked.reference
GROUP BY allocation.basis, allocation.currency
