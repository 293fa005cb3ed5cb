-- The part of a generation pool that one customer's revenue makes: the sum of revenue times share,
-- floored.
-- Grain: one row per generation pool and customer with anything above 0.
--
-- part_id BIGINT: number of the part
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: reference of the pool, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- customer_id VARCHAR: who paid
-- generations BIGINT: the customer's generations in the pool
-- amount_micros DECIMAL(38, 0): the part, in micros, above 0
WITH paid AS (
    SELECT
        generation.model_id,
        generation.version,
        generation.reference,
        generation.origin_period,
        generation.currency,
        sold.customer_id,
        count(*) AS generations,
        floor_div(
            sum(CAST(generation.revenue_micros AS HUGEINT) * generation.share_ppm), 1000000
        ) AS amount_micros
    FROM generation
    INNER JOIN stored.asset_generated AS sold ON generation.seq = sold.seq
    WHERE generation.share_ppm IS NOT NULL AND generation.known
    GROUP BY
        generation.model_id,
        generation.version,
        generation.reference,
        generation.origin_period,
        generation.currency,
        sold.customer_id
)

SELECT
    row_number() OVER (
        ORDER BY model_id, version, origin_period, currency, customer_id
    ) AS part_id,
    model_id,
    version,
    reference,
    origin_period,
    currency,
    customer_id,
    generations,
    CAST(amount_micros AS DECIMAL(38, 0)) AS amount_micros
FROM paid
WHERE amount_micros > 0
