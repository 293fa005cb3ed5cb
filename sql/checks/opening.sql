-- What a contributor's last statement carried, however old, is opened now, or held.
-- Grain: one row per contributor of whom something carried was lost or made up.
--
-- contributor_id VARCHAR: the contributor
-- carried_micros DECIMAL(38,0): what the last statement carried; null where there was none
-- opening_micros DECIMAL(38,0): what this close's statement opens with
-- held_micros DECIMAL(38,0): what is held of somebody no longer registered
WITH last_statement AS (
    SELECT
        contributor_id,
        arg_max(carried_micros, period) AS carried_micros
    FROM warehouse.statement
    WHERE period < (SELECT close_input.period FROM close_input)
    GROUP BY contributor_id
),

left_open AS (
    SELECT
        contributor_id,
        sum(amount_micros) AS held_micros
    FROM held
    WHERE reason = 'contributor_not_registered' AND basis = 'carried'
    GROUP BY contributor_id
)

SELECT
    contributor_id,
    last_statement.carried_micros,
    statement.opening_micros,
    left_open.held_micros
FROM last_statement
FULL JOIN statement USING (contributor_id)
FULL JOIN left_open USING (contributor_id)
WHERE
    coalesce(last_statement.carried_micros, 0)
    != coalesce(statement.opening_micros, 0) + coalesce(left_open.held_micros, 0)
