-- What an asset earned, as its event declared it.
-- Grain: one row per `asset-generated` event of the log; an asset may be sold often.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- asset_id VARCHAR: the asset
-- model_id VARCHAR: the model that generated it
-- version VARCHAR: the model's version
-- customer_id VARCHAR: who paid
-- action VARCHAR: what for: generated, downloaded or licensed
-- currency VARCHAR: currency of the revenue
-- revenue_micros BIGINT: revenue, in micros of `currency`
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"asset_id": "VARCHAR", "model_id": "VARCHAR", "version": "VARCHAR",
                "customer_id": "VARCHAR", "action": "VARCHAR",
                "revenue": {"amount": "VARCHAR", "currency": "VARCHAR"}}}'
        ).data AS data
    FROM event
    WHERE type = 'asset-generated'
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.asset_id,
    data.model_id,
    data.version,
    data.customer_id,
    data.action,
    data.revenue.currency,
    micros(data.revenue.amount) AS revenue_micros
FROM opened
