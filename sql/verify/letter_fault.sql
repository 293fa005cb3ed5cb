-- A dead letter that isn't what was received: by its id, by the digest of what it keeps whole, or
-- by a batch that the warehouse doesn't have.
-- Grain: one row per dead letter and thing that isn't what it should be.
--
-- relation VARCHAR: the relation that says so
-- key VARCHAR: the dead letter
-- expected VARCHAR: what it should be
-- found VARCHAR: what it is
WITH letter AS (
    SELECT
        *,
        letter_id(origin, origin_item, payload_sha256) AS own_id,
        sha256(payload) AS kept_sha256,
        count(*) OVER (PARTITION BY id) AS letters
    FROM stored.dead_letter
),

figure AS (
    SELECT
        id,
        'id' AS figure,
        own_id AS expected,
        id AS found
    FROM letter
    UNION ALL
    SELECT
        id,
        'payload_sha256',
        kept_sha256,
        payload_sha256
    FROM letter
    WHERE payload_size = octet_length(payload)
    UNION ALL
    SELECT
        id,
        'payload_size',
        CAST(octet_length(payload) AS VARCHAR),
        CAST(payload_size AS VARCHAR)
    FROM letter
    -- of a larger payload the first 65,536 bytes are kept
    WHERE octet_length(payload) < 65536 OR payload_size < 65536
    UNION ALL
    SELECT
        id,
        'letters of this id',
        '1',
        CAST(letters AS VARCHAR)
    FROM letter
    UNION ALL
    SELECT
        id,
        'batch_id',
        'a batch of ingest_batch',
        batch_id
    FROM letter
    WHERE batch_id NOT IN (SELECT ingest_batch.batch_id FROM stored.ingest_batch AS ingest_batch)
)

SELECT DISTINCT
    'dead_letter' AS relation,
    concat('id=', id, ' ', figure) AS key,
    expected,
    found
FROM figure
WHERE expected IS DISTINCT FROM found
