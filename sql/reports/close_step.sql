-- How long the steps of the last twelve closes took.
-- Grain: one row per close and step, ordered by both, the last close first.
--
-- period VARCHAR: period that was closed
-- step VARCHAR: the relation that it staged; `input`, `gate` or `seal`
-- milliseconds BIGINT: how long it took
WITH latest AS (
    SELECT period
    FROM warehouse.period_close
    ORDER BY period DESC
    LIMIT 12
)

SELECT
    close_step.period,
    close_step.step,
    close_step.milliseconds
FROM warehouse.close_step AS close_step
SEMI JOIN latest ON close_step.period = latest.period
ORDER BY close_step.period DESC, close_step.step
