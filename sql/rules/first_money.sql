-- When money first moved: where the first period lies if the warehouse names none (SPEC §6).
-- Grain: one row, with null before there is any money in force.
--
-- occurred_at TIMESTAMP: earliest event in force whose fee, training fee or revenue is above 0
WITH money AS (
    SELECT occurred_at, fee_micros AS amount_micros FROM in_force.image_licensed
    UNION ALL
    SELECT occurred_at, training_fee_micros FROM in_force.model_trained
    UNION ALL
    SELECT occurred_at, revenue_micros FROM in_force.asset_generated
)

SELECT min(occurred_at) AS occurred_at
FROM money
WHERE amount_micros > 0
