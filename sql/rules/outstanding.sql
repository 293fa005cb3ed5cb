-- What a contributor's advances leave outstanding before this close, in the account's currency
-- (SPEC §6, Currency).
-- Grain: one row per contributor with an advance that belongs to a turn, or something recouped.
--
-- contributor_id VARCHAR: the contributor
-- outstanding_micros DECIMAL(38, 0): advances less what was recouped, in micros, taken through the
--   account's turns; below 0 where an advance already recouped was reversed
WITH own AS (
    SELECT contributor_id, turn, CAST(amount_micros AS DECIMAL(38, 0)) AS amount_micros
    FROM advance_turn
    WHERE turn IS NOT NULL
    UNION ALL
    SELECT statement.contributor_id, turn.turn, -statement.recouped_micros
    FROM earlier.statement AS statement
    INNER JOIN turn
        ON
            statement.contributor_id = turn.contributor_id
            AND statement.period >= turn.first_period
            AND (turn.next_period IS NULL OR statement.period < turn.next_period)
    WHERE statement.recouped_micros != 0
),

summed AS (
    SELECT contributor_id, turn, sum(amount_micros) AS amount_micros
    FROM own
    GROUP BY contributor_id, turn
)

SELECT
    turn.contributor_id,
    CAST(
        through_turns(
            list(
                {
                    'amount_micros': exact_integer(coalesce(summed.amount_micros, 0)),
                    'from_rate_e10': turn.from_rate_e10,
                    'to_rate_e10': turn.to_rate_e10
                }
                ORDER BY turn.turn
            ),
            'advances of ' || turn.contributor_id
        ) AS DECIMAL(38, 0)
    ) AS outstanding_micros
FROM turn
LEFT JOIN summed ON turn.contributor_id = summed.contributor_id AND turn.turn = summed.turn
WHERE turn.contributor_id IN (SELECT own.contributor_id FROM own)
GROUP BY turn.contributor_id
