-- Withholding is the contributor's rate of what is due, rounded to the minor unit.
-- Grain: one row per statement whose withholding is half a minor unit or more off.
--
-- statement_id VARCHAR: the statement
-- due_micros HUGEINT: payable and withholding
-- withholding_micros DECIMAL(38,0): as stated
-- withholding_rate_ppm INTEGER: of the contributor's latest registration
WITH due AS (
    SELECT
        statement_id,
        contributor_id,
        currency,
        withholding_micros,
        CAST(payable_micros AS HUGEINT) + CAST(withholding_micros AS HUGEINT) AS due_micros
    FROM statement
)

SELECT
    due.statement_id,
    due.due_micros,
    due.withholding_micros,
    registered.withholding_rate_ppm
FROM due
INNER JOIN registered ON due.contributor_id = registered.contributor_id
INNER JOIN currency ON due.currency = currency.currency
WHERE
    2 * abs(
        CAST(due.withholding_micros AS HUGEINT) * 1_000_000
        - due.due_micros * registered.withholding_rate_ppm
    ) > CAST(currency.minor_micros AS HUGEINT) * 1_000_000
