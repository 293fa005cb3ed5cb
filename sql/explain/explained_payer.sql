-- Who paid for what the model version generated, or for its training, by the events that the staged
-- close counted.
-- Grain: one row per basis, currency and payer.
--
-- basis VARCHAR: `training` or `generation`
-- currency VARCHAR: currency of the payments
-- payer VARCHAR: the developer of a training, the customer of generations
-- payments BIGINT: how many events
-- paid_micros DECIMAL(38, 0): sum of fee or revenue, in micros
WITH payment AS (
    SELECT
        'training' AS basis,
        trained.currency,
        trained.developer_id AS payer,
        trained.training_fee_micros AS paid_micros
    FROM model_version AS trained
    INNER JOIN explain_input AS asked ON trained.reference = asked.reference
    WHERE NOT trained.redeclared AND trained.origin_period IS NOT NULL
    UNION ALL
    SELECT
        'generation' AS basis,
        counted.currency,
        asset.customer_id AS payer,
        counted.revenue_micros AS paid_micros
    FROM in_force.asset_generated AS counted
    INNER JOIN explain_input AS asked ON counted.reference = asked.reference
    INNER JOIN stored.asset_generated AS asset ON counted.seq = asset.seq
    WHERE counted.origin_period IS NOT NULL
)

SELECT
    basis,
    currency,
    payer,
    count(*) AS payments,
    CAST(sum(paid_micros) AS DECIMAL(38, 0)) AS paid_micros
FROM payment
GROUP BY basis, currency, payer
