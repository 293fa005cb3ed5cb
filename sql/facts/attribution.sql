-- An image that a generated asset owes a share of its revenue to.
-- Grain: one row per `asset-generated` event and attributed image.
--
-- seq BIGINT: position of the event in the log
-- image_id VARCHAR: the image
-- share_ppm INTEGER: the image's share, in millionths
WITH opened AS (
    SELECT
        seq,
        from_json(
            content,
            '{"data": {"attributions": [{"image_id": "VARCHAR", "share": "VARCHAR"}]}}'
        ).data AS data
    FROM event
    -- most have none, and to open one takes longer than to see it
    WHERE type = 'asset-generated' AND NOT contains(content, '"attributions":[]')
),

attributed AS (
    SELECT
        seq,
        unnest(data.attributions) AS part
    FROM opened
)

SELECT
    seq,
    part.image_id,
    ppm(part.share) AS share_ppm
FROM attributed
