-- Events of `made` as a batch stages them, with the bytes that a producer would have sent.
-- Grain: one row per event.
WITH written AS (
    SELECT
        *,
        '{"data":' || data || ',"time":"' || strftime(occurred_at, '%Y-%m-%dT%H:%M:%S.%fZ')
        || '","type":"' || type || '"}' AS content
    FROM made
)

SELECT
    number - $first AS position,
    '/bench' AS source,
    id,
    type,
    occurred_at,
    content,
    sha256(content) AS content_sha256,
    encode(
        '{"specversion":"1.0","source":"/bench","id":"' || id || '",' || content[2:]
    ) AS body,
    $processor AS processor,
    CAST(NULL AS VARCHAR) AS fault_reason,
    CAST(NULL AS VARCHAR) AS fault_message,
    CAST(NULL AS VARCHAR) AS manifest_sha256,
    'bulk' AS origin,
    CAST(number + 1 AS VARCHAR) AS origin_item,
    CAST(NULL AS VARCHAR) AS attributes
FROM written
ORDER BY position
