-- A statement in another currency than the last one says how the account went over, and no other
-- does; the rates are at most 31 days old.
-- Grain: one row per statement where that isn't so.
--
-- statement_id VARCHAR: the statement
-- currency VARCHAR: its currency
-- last_currency VARCHAR: that of the contributor's last statement; null where there was none
-- converted_from VARCHAR: the currency that it says was left
-- converted_on DATE: date of the rates
-- converted_from_rate VARCHAR: rate of the currency left
-- converted_to_rate VARCHAR: rate of the statement's currency
SELECT
    statement.statement_id,
    statement.currency,
    last_statement.currency AS last_currency,
    statement.converted_from,
    statement.converted_on,
    statement.converted_from_rate,
    statement.converted_to_rate
FROM statement
CROSS JOIN close_input
LEFT JOIN last_statement ON statement.contributor_id = last_statement.contributor_id
WHERE
    statement.converted_from IS DISTINCT FROM
    CASE
        WHEN last_statement.currency != statement.currency THEN last_statement.currency
    END
    OR (
        statement.converted_from IS NOT NULL
        AND (
            statement.converted_base IS NULL
            OR statement.converted_from_rate IS NULL
            OR statement.converted_to_rate IS NULL
            OR statement.converted_opening_micros IS NULL
            OR statement.converted_on IS NULL
            OR statement.converted_on
            NOT BETWEEN close_input.last_on - 31 AND close_input.last_on
        )
    )
