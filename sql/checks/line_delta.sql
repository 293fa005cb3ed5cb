-- A line states what changed: a royalty of the period closed, or an adjustment of an earlier one.
-- Grain: one row per line that is off.
--
-- statement_id VARCHAR: its statement
-- line INTEGER: its number
-- kind VARCHAR: `royalty` of the period closed, `adjustment` of an earlier one
-- basis VARCHAR: `direct`, `training` or `generation`
-- origin_period VARCHAR: not after the period closed
-- original_micros DECIMAL(38,0): at least 0; of a royalty 0
-- corrected_micros DECIMAL(38,0): at least 0
-- delta_micros DECIMAL(38,0): never 0
SELECT
    line.statement_id,
    line.line,
    line.kind,
    line.basis,
    line.origin_period,
    line.original_micros,
    line.corrected_micros,
    line.delta_micros
FROM statement_line AS line
CROSS JOIN close_input
WHERE
    line.delta_micros IS DISTINCT FROM line.corrected_micros - line.original_micros
    OR line.delta_micros = 0
    OR line.original_micros < 0
    OR line.corrected_micros < 0
    OR line.basis NOT IN ('direct', 'training', 'generation')
    OR line.origin_period > close_input.period
    OR line.kind IS DISTINCT FROM
    CASE WHEN line.origin_period = close_input.period THEN 'royalty' ELSE 'adjustment' END
    OR (line.kind = 'royalty' AND line.original_micros != 0)
