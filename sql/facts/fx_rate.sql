-- A rate between two currencies of ours; codes that are none, and the base itself, make no fact.
-- Grain: one row per `fx-rates-published` event and currency other than its base.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- base VARCHAR: the base currency
-- rate_on DATE: the day that the rate is of
-- currency VARCHAR: the other currency
-- rate VARCHAR: units of `currency` for one unit of `base`, as a decimal in canonical form
-- rate_e10 BIGINT: the same in 10^-10
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"base": "VARCHAR", "date": "DATE", "rates": "MAP(VARCHAR, VARCHAR)"}}'
        ).data AS data
    FROM event
    WHERE type = 'fx-rates-published'
),

quoted AS (
    SELECT
        * EXCLUDE (data),
        data.base,
        data.date AS rate_on,
        unnest(map_entries(data.rates)) AS quote
    FROM opened
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    base,
    rate_on,
    quote.key AS currency,
    quote.value AS rate,
    -- only what is kept is read: a rate of another code may have more digits
    CASE WHEN currency.currency IS NOT NULL THEN rate_e10(quote.value) END AS rate_e10
FROM quoted
INNER JOIN currency ON quoted.quote.key = currency.currency
WHERE quoted.quote.key != quoted.base
