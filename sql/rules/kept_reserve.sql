-- A reserve that an earlier statement withheld and none has released yet, in the currency that the
-- account has now (SPEC §6). A statement releases all that is due by its period.
-- Grain: one row per earlier statement whose reserve is not released.
--
-- contributor_id VARCHAR: the contributor
-- period VARCHAR: period of that statement
-- due_period VARCHAR: when it is released
-- amount_micros DECIMAL(38, 0): the reserve, in micros
SELECT
    statement.contributor_id,
    statement.period,
    statement.reserve_due_period AS due_period,
    CAST(
        at_later_rates(
            statement.reserve_withheld_micros,
            turn.onward,
            'reserve of ' || statement.statement_id
        ) AS DECIMAL(38, 0)
    ) AS amount_micros
FROM earlier.statement AS statement
INNER JOIN last_statement ON statement.contributor_id = last_statement.contributor_id
INNER JOIN turn
    ON
        statement.contributor_id = turn.contributor_id
        AND statement.period >= turn.first_period
        AND (turn.next_period IS NULL OR statement.period < turn.next_period)
WHERE
    statement.period <= last_statement.period
    AND statement.reserve_withheld_micros > 0
    AND statement.reserve_due_period > last_statement.period
