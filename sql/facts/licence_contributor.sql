-- A contributor's share of a licensed image.
-- Grain: one row per `image-licensed` event and contributor.
--
-- seq BIGINT: position of the event in the log
-- contributor_id VARCHAR: who owns a share of the image's rights
-- share_ppm INTEGER: the share, in millionths; those of one event add up to 1000000
WITH opened AS (
    SELECT
        seq,
        from_json(
            content,
            '{"data": {"contributors": [{"contributor_id": "VARCHAR", "share": "VARCHAR"}]}}'
        ).data AS data
    FROM event
    WHERE type = 'image-licensed'
),

share AS (
    SELECT
        seq,
        unnest(data.contributors) AS part
    FROM opened
)

SELECT
    seq,
    part.contributor_id,
    ppm(part.share) AS share_ppm
FROM share
