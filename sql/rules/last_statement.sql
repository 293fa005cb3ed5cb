-- The last statement that a contributor got before this close, however old it is.
-- Grain: one row per contributor with a statement of an earlier period.
--
-- contributor_id VARCHAR: the contributor
-- period VARCHAR: its period
-- currency VARCHAR: its currency
-- carried_micros DECIMAL(38, 0): what it carried
SELECT
    statement.contributor_id,
    max(statement.period) AS period,
    arg_max(statement.currency, statement.period) AS currency,
    arg_max(statement.carried_micros, statement.period) AS carried_micros
FROM warehouse.statement AS statement
CROSS JOIN close_input
WHERE statement.period < close_input.period
GROUP BY statement.contributor_id
