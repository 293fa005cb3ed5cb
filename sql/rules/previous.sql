-- What earlier statements left with a contributor (SPEC §6, Statement).
-- Grain: one row per contributor with a statement of an earlier period.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the last statement
-- carried_micros DECIMAL(38,0): what the last statement carried
-- recouped_micros DECIMAL(38,0): recouped so far
-- reserve_micros DECIMAL(38,0): reserve withheld and not released
-- reserve_due_micros DECIMAL(38,0): the part of it that is due for release by the period
SELECT
    statement.contributor_id,
    arg_max(statement.currency, statement.period) AS currency,
    arg_max(statement.carried_micros, statement.period) AS carried_micros,
    CAST(sum(statement.recouped_micros) AS DECIMAL(38, 0)) AS recouped_micros,
    CAST(
        sum(statement.reserve_withheld_micros - statement.reserve_released_micros)
        AS DECIMAL(38, 0)
    ) AS reserve_micros,
    CAST(
        coalesce(
            sum(statement.reserve_withheld_micros)
            FILTER (WHERE statement.reserve_due_period <= close_input.period),
            0
        ) - sum(statement.reserve_released_micros)
        AS DECIMAL(38, 0)
    ) AS reserve_due_micros
FROM warehouse.statement AS statement
CROSS JOIN close_input
GROUP BY statement.contributor_id
