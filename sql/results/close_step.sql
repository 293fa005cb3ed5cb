-- How long a step of a close took, up to its gate and its seal: what operators look at, and no part
-- of any digest.
-- Grain: one row per closed period and step.
--
-- period VARCHAR: the period
-- step VARCHAR: the relation that it staged; `input` for what a close is given, `gate`, `seal`
-- milliseconds BIGINT: how long it took
SELECT
    close_input.period,
    step_time.step,
    step_time.milliseconds
FROM step_time
CROSS JOIN close_input
