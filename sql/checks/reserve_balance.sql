-- A reserve grows by what is withheld and falls by what is released; nothing else moves it.
-- Grain: one row per contributor whose reserve doesn't follow from the last statement's.
--
-- contributor_id VARCHAR: the contributor
-- last_balance_micros DECIMAL(38,0): after the last statement; null where there was none
-- reserve_withheld_micros DECIMAL(38,0): by this close's statement
-- reserve_released_micros DECIMAL(38,0): by this close's statement
-- reserve_balance_micros DECIMAL(38,0): after this close's statement
-- held_micros DECIMAL(38,0): what is held of somebody no longer registered
WITH last_statement AS (
    SELECT
        contributor_id,
        arg_max(reserve_balance_micros, period) AS last_balance_micros
    FROM warehouse.statement
    WHERE period < (SELECT close_input.period FROM close_input)
    GROUP BY contributor_id
),

left_open AS (
    SELECT
        contributor_id,
        sum(amount_micros) AS held_micros
    FROM held
    WHERE reason = 'contributor_not_registered' AND basis = 'reserve'
    GROUP BY contributor_id
)

SELECT
    contributor_id,
    last_statement.last_balance_micros,
    statement.reserve_withheld_micros,
    statement.reserve_released_micros,
    statement.reserve_balance_micros,
    left_open.held_micros
FROM statement
FULL JOIN last_statement USING (contributor_id)
FULL JOIN left_open USING (contributor_id)
WHERE
    (
        statement.contributor_id IS NOT NULL
        AND statement.reserve_balance_micros
        != coalesce(last_statement.last_balance_micros, 0)
        + statement.reserve_withheld_micros - statement.reserve_released_micros
    )
    OR (
        left_open.contributor_id IS NOT NULL
        AND left_open.held_micros IS DISTINCT FROM last_statement.last_balance_micros
    )
