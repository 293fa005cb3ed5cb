-- What a contributor is owed for the period, by the present rules and in the simulation.
-- Grain: one row per contributor and currency.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the events
-- present_micros DECIMAL(38, 0): what is owed, in micros; 0 where nothing is
-- simulated_micros DECIMAL(38, 0): what would be, in micros; 0 where nothing would
-- difference_micros DECIMAL(38, 0): how much more that is, in micros
SELECT
    contributor_id,
    currency,
    coalesce(present_owed.amount_micros, 0) AS present_micros,
    coalesce(owed.amount_micros, 0) AS simulated_micros,
    CAST(
        coalesce(owed.amount_micros, 0) - coalesce(present_owed.amount_micros, 0) AS DECIMAL(38, 0)
    ) AS difference_micros
FROM present_owed
FULL OUTER JOIN owed USING (contributor_id, currency)
