-- A line that adds, in the statement's currency, has its delta as amount; in another it says how it
-- was converted, at rates at most 31 days old. One that takes back says what had been credited,
-- unless that is what was stated, in the same currency.
-- Grain: one row per line whose conversion is off.
--
-- statement_id VARCHAR: its statement
-- line INTEGER: its number
-- currency VARCHAR: of the line
-- statement_currency VARCHAR: of the statement
-- delta_micros DECIMAL(38,0): in the line's currency
-- amount_micros DECIMAL(38,0): in the statement's, never of the other sign
-- fx_base VARCHAR: base of the rates, where a delta above 0 was converted
-- fx_on DATE: their date, from 31 days before the period's last day to that day
-- fx_credited_micros DECIMAL(38,0): what was credited, where a delta below 0 takes it back
SELECT
    line.statement_id,
    line.line,
    line.currency,
    statement.currency AS statement_currency,
    line.delta_micros,
    line.amount_micros,
    line.fx_base,
    line.fx_on,
    line.fx_credited_micros
FROM statement_line AS line
INNER JOIN statement ON line.statement_id = statement.statement_id
CROSS JOIN close_input
WHERE
    line.amount_micros IS NULL
    OR (
        line.currency = statement.currency
        AND (
            (line.amount_micros != line.delta_micros AND line.fx_credited_micros IS NULL)
            OR line.fx_base IS NOT NULL
            OR line.fx_credited_micros = line.original_micros
            OR (line.delta_micros > 0 AND line.fx_credited_micros IS NOT NULL)
        )
    )
    OR (
        line.currency != statement.currency
        AND line.delta_micros > 0
        AND (
            line.amount_micros < 0
            OR line.fx_base IS NULL
            OR line.fx_from_rate IS NULL
            OR line.fx_to_rate IS NULL
            OR line.fx_on IS NULL
            OR line.fx_on NOT BETWEEN close_input.last_on - 31 AND close_input.last_on
            OR line.fx_credited_micros IS NOT NULL
        )
    )
    OR (
        line.delta_micros < 0
        AND (
            line.amount_micros > 0
            OR line.fx_base IS NOT NULL
            OR (line.currency != statement.currency AND line.fx_credited_micros IS NULL)
            OR -line.amount_micros > line.fx_credited_micros
        )
    )
