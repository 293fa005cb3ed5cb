-- A contributor's registration.
-- Grain: one row per `contributor-registered` event of the log; a contributor may register anew.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- contributor_id VARCHAR: the contributor
-- country VARCHAR: where the contributor is taxed, as ISO 3166-1's two letters
-- currency VARCHAR: currency of the contributor's statements
-- withholding_rate_ppm INTEGER: rate of the tax withheld, in millionths
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"contributor_id": "VARCHAR", "country": "VARCHAR", "currency": "VARCHAR",
                "withholding_rate": "VARCHAR"}}'
        ).data AS data
    FROM event
    WHERE type = 'contributor-registered'
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.contributor_id,
    data.country,
    data.currency,
    ppm(data.withholding_rate) AS withholding_rate_ppm
FROM opened
