-- The accepted events of a large catalogue: contributors, and images licensed to one developer.
-- Grain: one row per event; `$contributors` registrations, then `$licences` licences without a fee.
--
-- Every second contributor is paid in euros, and every fifth image has two of them.
WITH registration AS (
    SELECT
        range + 1 AS seq,
        'contributor-registered' AS type,
        'r' || range AS id,
        '{"contributor_id":"c' || range
        || CASE
            WHEN range % 2 = 0 THEN '","country":"US","currency":"USD"'
            ELSE '","country":"FR","currency":"EUR"'
        END
        || ',"withholding_rate":"0.1"}' AS data
    FROM range($contributors)
),

licence AS (
    SELECT
        $contributors + range + 1 AS seq,
        'image-licensed' AS type,
        'l' || range AS id,
        '{"contributors":['
        || CASE
            WHEN range % 5 = 0
                THEN
                    '{"contributor_id":"c' || range % $contributors
                    || '","share":"0.6"},{"contributor_id":"c' || (range + 1) % $contributors
                    || '","share":"0.4"}'
            ELSE '{"contributor_id":"c' || range % $contributors || '","share":"1"}'
        END
        || '],"digital_source_type":"digitalCapture","fee":{"amount":"0","currency":"USD"}'
        || ',"image_id":"i' || range || '","licence_id":"L' || range
        || '","licensee_id":"lab","use":"training","valid_from":"2026-09-01T00:00:00.000000Z"}'
            AS data
    FROM range($licences)
),

event AS (
    SELECT * FROM registration
    UNION ALL
    SELECT * FROM licence
),

written AS (
    SELECT
        *,
        '{"data":' || data || ',"time":"2026-09-01T00:00:00.000000Z","type":"' || type || '"}'
            AS content
    FROM event
)

SELECT
    seq,
    '/bench' AS source,
    id,
    type,
    TIMESTAMP '2026-09-01' AS occurred_at,
    TIMESTAMP '2026-10-01' AS recorded_at,
    'bulk' AS batch_id,
    content,
    sha256(content) AS content_sha256,
    NULL AS attributes,
    encode(
        '{"specversion":"1.0","source":"/bench","id":"' || id || '",' || content[2:]
    ) AS body
FROM written
ORDER BY seq
