-- An advance paid to a contributor, as its event declared it.
-- Grain: one row per `advance-paid` event of the log.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- advance_id VARCHAR: the advance
-- contributor_id VARCHAR: who was paid it
-- currency VARCHAR: its currency
-- amount_micros BIGINT: its amount, in micros of `currency`
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"advance_id": "VARCHAR", "contributor_id": "VARCHAR",
                "amount": {"amount": "VARCHAR", "currency": "VARCHAR"}}}'
        ).data AS data
    FROM event
    WHERE type = 'advance-paid'
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.advance_id,
    data.contributor_id,
    data.amount.currency,
    micros(data.amount.amount) AS amount_micros
FROM opened
