-- What the last statement of a contributor leaves open, in major units.
-- Grain: one row per contributor with anything open, ordered by contributor_id.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the amounts
-- carried DECIMAL(38, 6): carried to the next statement
-- reserve DECIMAL(38, 6): reserves withheld and not released
-- advance_outstanding DECIMAL(38, 6): advances not recouped
-- statement_id VARCHAR: the statement that says so
SELECT
    contributor_id,
    currency,
    carried_micros * 0.000001 AS carried,
    reserve_micros * 0.000001 AS reserve,
    advance_outstanding_micros * 0.000001 AS advance_outstanding,
    statement_id
FROM warehouse.open_balance
ORDER BY contributor_id
