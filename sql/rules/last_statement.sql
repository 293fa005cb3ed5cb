-- The last statement that a contributor got before this close, however old it is.
-- Grain: one row per contributor with a statement of an earlier period.
--
-- contributor_id VARCHAR: the contributor
-- period VARCHAR: its period
-- currency VARCHAR: its currency
-- carried_micros DECIMAL(38, 0): what it carried
SELECT
    contributor_id,
    max(period) AS period,
    arg_max(currency, period) AS currency,
    arg_max(carried_micros, period) AS carried_micros
FROM earlier.statement
GROUP BY contributor_id
