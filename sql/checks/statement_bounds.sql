-- No statement pays, withholds, releases or owes less than nothing, and none carries what was due.
-- Grain: one row per statement that is out of bounds.
--
-- statement_id VARCHAR: the statement
-- royalties_micros DECIMAL(38,0): at least 0: only an adjustment takes back
-- payable_micros DECIMAL(38,0): at least 0
-- withholding_micros DECIMAL(38,0): at least 0
-- carried_micros DECIMAL(38,0): where something is due, at least 0 and below a minor unit
-- reserve_withheld_micros DECIMAL(38,0): at least 0
-- reserve_released_micros DECIMAL(38,0): at least 0
-- reserve_balance_micros DECIMAL(38,0): at least 0
-- advance_outstanding_micros DECIMAL(38,0): at least 0, since what is below is given back
SELECT
    statement.statement_id,
    statement.royalties_micros,
    statement.payable_micros,
    statement.withholding_micros,
    statement.carried_micros,
    statement.reserve_withheld_micros,
    statement.reserve_released_micros,
    statement.reserve_balance_micros,
    statement.advance_outstanding_micros
FROM statement
LEFT JOIN currency ON statement.currency = currency.currency
WHERE
    least(
        statement.royalties_micros,
        statement.payable_micros,
        statement.withholding_micros,
        statement.reserve_withheld_micros,
        statement.reserve_released_micros,
        statement.reserve_balance_micros,
        statement.advance_outstanding_micros
    ) < 0
    OR (
        statement.payable_micros + statement.withholding_micros > 0
        AND (
            statement.carried_micros < 0
            OR statement.carried_micros >= currency.minor_micros
        )
    )
