-- A licence of an image, as its event declared it.
-- Grain: one row per `image-licensed` event of the log.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- licence_id VARCHAR: the licence
-- image_id VARCHAR: the image that it licenses
-- licensee_id VARCHAR: who may use the image
-- use VARCHAR: what for: download or training
-- currency VARCHAR: currency of the fee
-- fee_micros BIGINT: fee of the licence, in micros of `currency`
-- digital_source_type VARCHAR: how the image came to be, as IPTC's short code
-- valid_from TIMESTAMP: first instant of the licence, in UTC
-- valid_until TIMESTAMP: first instant after the licence, in UTC; null where it has no end
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"licence_id": "VARCHAR", "image_id": "VARCHAR", "licensee_id": "VARCHAR",
                "use": "VARCHAR", "fee": {"amount": "VARCHAR", "currency": "VARCHAR"},
                "digital_source_type": "VARCHAR", "valid_from": "VARCHAR",
                "valid_until": "VARCHAR"}}'
        ).data AS data
    FROM event
    WHERE type = 'image-licensed'
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.licence_id,
    data.image_id,
    data.licensee_id,
    data.use,
    data.fee.currency,
    micros(data.fee.amount) AS fee_micros,
    data.digital_source_type,
    instant(data.valid_from) AS valid_from,
    instant(data.valid_until) AS valid_until
FROM opened
