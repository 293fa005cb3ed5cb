-- What a source reported that it sent of a time.
-- Grain: one row per `source-reported` event of the log.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- reported_source VARCHAR: the source that the report is of
-- reported_from TIMESTAMP: the first instant that it covers, in UTC
-- reported_until TIMESTAMP: the first instant that it doesn't cover any more, in UTC
-- counts STRUCT(type VARCHAR, events BIGINT)[]: how many events were sent, by type; a type that
--   isn't there has none
-- amounts STRUCT(currency VARCHAR, amount_micros BIGINT)[]: the sum of their fees, training fees
--   and revenues, in micros, by currency; a currency that isn't there has none
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"source": "VARCHAR", "from": "VARCHAR", "until": "VARCHAR",
                "counts": "MAP(VARCHAR, BIGINT)", "amounts": "MAP(VARCHAR, VARCHAR)"}}'
        ).data AS data
    FROM event
    WHERE type = 'source-reported'
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.source AS reported_source,
    instant(data."from") AS reported_from,
    instant(data.until) AS reported_until,
    [
        {'type': sent.key, 'events': sent.value} FOR sent IN map_entries(data.counts)
    ] AS counts,
    [
        {'currency': sum.key, 'amount_micros': micros(sum.value)}
        FOR sum IN map_entries(data.amounts)
    ] AS amounts
FROM opened
