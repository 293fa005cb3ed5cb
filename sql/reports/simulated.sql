-- What a contributor is owed for the period that is simulated, by the present rules and in the
-- simulation, in major units.
-- Grain: one row per contributor and currency, of each currency who gains most first.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the events
-- difference DECIMAL(38, 6): what the simulation has more
-- present DECIMAL(38, 6): what is owed
-- simulated DECIMAL(38, 6): what would be
SELECT
    contributor_id,
    currency,
    difference_micros * 0.000001 AS difference,
    present_micros * 0.000001 AS present,
    simulated_micros * 0.000001 AS simulated
FROM compared
ORDER BY currency, difference_micros DESC, contributor_id
