-- What is outstanding of a contributor's advances is what was paid less what was recouped, ever:
-- turn by turn, and converted where the account went over to another currency.
-- Grain: one row per statement where it isn't.
--
-- statement_id VARCHAR: the statement
-- left_micros HUGEINT: advances less what was recouped by this statement and all earlier ones
-- advance_outstanding_micros DECIMAL(38,0): as stated
WITH RECURSIVE paid AS (
    SELECT
        advance.seq,
        advance.contributor_id,
        advance.amount_micros,
        min(turn.turn) AS turn
    FROM advance_in_force AS advance
    INNER JOIN turn
        ON
            advance.contributor_id = turn.contributor_id
            AND advance.currency = turn.currency
            AND advance.occurred_at < turn.left_at
    WHERE NOT advance.redeclared
    GROUP BY advance.seq, advance.contributor_id, advance.amount_micros
),

recouped AS (
    SELECT
        contributor_id,
        period,
        recouped_micros
    FROM statement
    UNION ALL
    SELECT
        contributor_id,
        period,
        recouped_micros
    FROM earlier.statement
),

entry AS (
    SELECT
        contributor_id,
        turn,
        CAST(amount_micros AS HUGEINT) AS amount_micros
    FROM paid
    UNION ALL
    SELECT
        recouped.contributor_id,
        max(turn.turn),
        -CAST(any_value(recouped.recouped_micros) AS HUGEINT)
    FROM recouped
    INNER JOIN turn
        ON
            recouped.contributor_id = turn.contributor_id
            AND recouped.period >= turn.first_period
    GROUP BY recouped.contributor_id, recouped.period
),

own AS (
    SELECT
        turn.contributor_id,
        turn.turn,
        turn.from_rate_e10,
        turn.to_rate_e10,
        coalesce(sum(entry.amount_micros), 0) AS amount_micros
    FROM turn
    LEFT JOIN entry ON turn.contributor_id = entry.contributor_id AND turn.turn = entry.turn
    GROUP BY turn.contributor_id, turn.turn, turn.from_rate_e10, turn.to_rate_e10
),

left_over AS (
    SELECT
        contributor_id,
        turn,
        amount_micros
    FROM own
    WHERE turn = 1
    UNION ALL
    SELECT
        own.contributor_id,
        own.turn,
        own.amount_micros + list_transform(
            [
                exact_product(
                    left_over.amount_micros, own.to_rate_e10, 'advances of ' || own.contributor_id
                )
            ],
            LAMBDA product: half_even(product, own.from_rate_e10)
        )[1]
    FROM left_over
    INNER JOIN own
        ON left_over.contributor_id = own.contributor_id AND left_over.turn + 1 = own.turn
),

now_left AS (
    SELECT
        contributor_id,
        arg_max(amount_micros, turn) AS left_micros
    FROM left_over
    GROUP BY contributor_id
)

SELECT
    statement.statement_id,
    now_left.left_micros,
    statement.advance_outstanding_micros
FROM statement
LEFT JOIN now_left ON statement.contributor_id = now_left.contributor_id
WHERE statement.advance_outstanding_micros IS DISTINCT FROM now_left.left_micros
