-- What the last statement of a contributor leaves open, however old it is
-- (SPEC §6, Statement).
-- Grain: one row per contributor with a last statement that leaves anything open.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the amounts, that of the statement
-- carried_micros DECIMAL(38, 0): carried to the next statement, in micros
-- reserve_micros DECIMAL(38, 0): reserves withheld and not released, in micros
-- advance_outstanding_micros DECIMAL(38, 0): advances not recouped, in micros
-- statement_id VARCHAR: the statement that says so
-- period VARCHAR: its period
WITH last_statement AS (
    SELECT *
    FROM statement
    QUALIFY row_number() OVER (PARTITION BY contributor_id ORDER BY period DESC) = 1
)

SELECT
    contributor_id,
    currency,
    carried_micros,
    reserve_balance_micros AS reserve_micros,
    advance_outstanding_micros,
    statement_id,
    period
FROM last_statement
WHERE carried_micros != 0 OR reserve_balance_micros != 0 OR advance_outstanding_micros != 0
