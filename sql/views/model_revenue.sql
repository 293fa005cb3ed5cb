-- What a model version brought in a period, by the events that count at the head of the log (SPEC
-- §5, Reversal and Redeclaration); also of periods that aren't closed.
-- Grain: one row per model version, origin period and currency.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the amounts
-- generations BIGINT: generations, with and without revenue
-- generation_revenue_micros DECIMAL(38, 0): their revenue, in micros
-- training_fee_micros DECIMAL(38, 0): fee of the training, in micros; 0 where it was in another
--   period or currency
-- revenue_micros DECIMAL(38, 0): both together, in micros
WITH counted AS (
    SELECT *
    FROM revenue_event
    WHERE reversal_seq IS NULL
),

redeclared AS (
    SELECT seq
    FROM counted
    WHERE basis = 'training'
    QUALIFY row_number() OVER (
        PARTITION BY model_id, version ORDER BY occurred_at, source, id
    ) > 1
)

SELECT
    model_id,
    version,
    origin_period,
    currency,
    count(*) FILTER (WHERE basis = 'generation') AS generations,
    CAST(
        coalesce(sum(revenue_micros) FILTER (WHERE basis = 'generation'), 0) AS DECIMAL(38, 0)
    ) AS generation_revenue_micros,
    CAST(
        coalesce(sum(revenue_micros) FILTER (WHERE basis = 'training'), 0) AS DECIMAL(38, 0)
    ) AS training_fee_micros,
    CAST(sum(revenue_micros) AS DECIMAL(38, 0)) AS revenue_micros
FROM counted
ANTI JOIN redeclared USING (seq)
GROUP BY model_id, version, origin_period, currency
