-- A reserve grows by what is withheld and falls by what is due for release; nothing else moves it
-- but a change of currency, which converts each part of it.
-- Grain: one row per contributor whose reserve doesn't follow from earlier statements.
--
-- contributor_id VARCHAR: the contributor
-- kept_micros HUGEINT: withheld by earlier statements and released by none, in today's currency
-- due_micros HUGEINT: the part of it that is due for release
-- reserve_withheld_micros DECIMAL(38,0): by this close's statement
-- reserve_released_micros DECIMAL(38,0): by this close's statement
-- reserve_balance_micros DECIMAL(38,0): after this close's statement
-- held_micros DECIMAL(38,0): what is held of somebody no longer registered
WITH RECURSIVE earlier AS (
    SELECT
        contributor_id,
        period,
        reserve_withheld_micros,
        reserve_due_period,
        max(period) OVER (PARTITION BY contributor_id) AS last_period
    FROM earlier.statement
),

converted AS (
    SELECT
        earlier.contributor_id,
        earlier.period,
        any_value(earlier.reserve_due_period) AS due_period,
        max(turn.turn) AS turn,
        CAST(any_value(earlier.reserve_withheld_micros) AS HUGEINT) AS amount_micros
    FROM earlier
    INNER JOIN turn
        ON
            earlier.contributor_id = turn.contributor_id
            AND earlier.period >= turn.first_period
    WHERE earlier.reserve_withheld_micros > 0 AND earlier.reserve_due_period > earlier.last_period
    GROUP BY earlier.contributor_id, earlier.period
    UNION ALL
    SELECT
        converted.contributor_id,
        converted.period,
        converted.due_period,
        turn.turn,
        list_transform(
            [
                exact_product(
                    converted.amount_micros, turn.to_rate_e10, 'reserve of ' || turn.contributor_id
                )
            ],
            LAMBDA product: half_even(product, turn.from_rate_e10)
        )[1]
    FROM converted
    INNER JOIN turn
        ON converted.contributor_id = turn.contributor_id AND converted.turn + 1 = turn.turn
),

part AS (
    SELECT
        contributor_id,
        period,
        any_value(due_period) AS due_period,
        arg_max(amount_micros, turn) AS amount_micros
    FROM converted
    GROUP BY contributor_id, period
),

kept AS (
    SELECT
        contributor_id,
        sum(amount_micros) AS kept_micros,
        coalesce(
            sum(amount_micros) FILTER (
                WHERE due_period <= (SELECT close_input.period FROM close_input)
            ),
            0
        ) AS due_micros
    FROM part
    GROUP BY contributor_id
),

left_open AS (
    SELECT
        contributor_id,
        sum(amount_micros) AS held_micros
    FROM standing_held
    WHERE reason = 'contributor_not_registered' AND basis = 'reserve'
    GROUP BY contributor_id
)

SELECT
    contributor_id,
    kept.kept_micros,
    kept.due_micros,
    statement.reserve_withheld_micros,
    statement.reserve_released_micros,
    statement.reserve_balance_micros,
    left_open.held_micros
FROM statement
FULL JOIN kept USING (contributor_id)
FULL JOIN left_open USING (contributor_id)
LEFT JOIN registered USING (contributor_id)
WHERE
    coalesce(statement.reserve_released_micros, 0)
    != CASE WHEN registered.contributor_id IS NULL THEN 0 ELSE coalesce(kept.due_micros, 0) END
    OR statement.reserve_balance_micros
    != coalesce(kept.kept_micros, 0)
    + statement.reserve_withheld_micros - statement.reserve_released_micros
    OR coalesce(left_open.held_micros, 0)
    != CASE WHEN registered.contributor_id IS NULL THEN coalesce(kept.kept_micros, 0) ELSE 0 END
