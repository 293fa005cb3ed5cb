-- What becomes of a valid event: the first of an identity is accepted (SPEC §4).
-- An event whose manifest can't be used is no candidate, unless its identity is known already.
-- Grain: one row per valid event of the batch.
--
-- position BIGINT: order in the batch
-- outcome VARCHAR: `accepted`, `duplicate`, `conflict` or `rejected`
-- standing_sha256 VARCHAR: digest of the content that the identity stands for; null where rejected
WITH known AS (
    SELECT
        received_event.position,
        event.content_sha256
    FROM received_event
    INNER JOIN stored.event AS event
        ON received_event.source = event.source AND received_event.id = event.id
),

candidate AS (
    SELECT
        source,
        id,
        min(position) AS position,
        arg_min(content_sha256, position) AS content_sha256
    FROM received_event
    WHERE fault_reason IS NULL
    GROUP BY source, id
)

SELECT
    received_event.position,
    CASE
        WHEN known.position IS NOT NULL
            THEN
                CASE
                    WHEN received_event.content_sha256 = known.content_sha256 THEN 'duplicate'
                    ELSE 'conflict'
                END
        WHEN candidate.position IS NULL OR received_event.position < candidate.position
            THEN 'rejected'
        WHEN received_event.position = candidate.position THEN 'accepted'
        WHEN received_event.content_sha256 = candidate.content_sha256 THEN 'duplicate'
        ELSE 'conflict'
    END AS outcome,
    coalesce(known.content_sha256, candidate.content_sha256) AS standing_sha256
FROM received_event
LEFT JOIN known ON received_event.position = known.position
LEFT JOIN candidate
    ON received_event.source = candidate.source AND received_event.id = candidate.id
