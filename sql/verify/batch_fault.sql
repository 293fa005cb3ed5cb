-- A batch whose counts don't add up, or aren't those of the log's events.
-- Grain: one row per batch and count that isn't what it should be.
--
-- relation VARCHAR: the relation that says so
-- key VARCHAR: the batch
-- expected VARCHAR: what it should be
-- found VARCHAR: what it is
WITH logged AS (
    SELECT
        batch_id,
        count(*) AS events,
        max(seq) AS last_seq,
        max(seq) - min(seq) + 1 AS positions
    FROM stored.event
    WHERE batch_id IS NOT NULL
    GROUP BY batch_id
),

batch AS (
    SELECT
        ingest_batch.*,
        coalesce(
            list_sum(list_transform(rejected_by_reason, LAMBDA part: part.events)), 0
        ) AS by_reason,
        count(*) OVER (PARTITION BY batch_id) AS batches
    FROM stored.ingest_batch AS ingest_batch
),

figure AS (
    SELECT
        batch_id,
        'received' AS figure,
        accepted + duplicate + conflict + rejected AS expected,
        received AS found
    FROM batch
    UNION ALL
    SELECT
        batch_id,
        'rejected',
        by_reason,
        rejected
    FROM batch
    UNION ALL
    SELECT
        batch_id,
        'batches of this id',
        1,
        batches
    FROM batch
    UNION ALL
    SELECT
        batch.batch_id,
        'accepted',
        coalesce(logged.events, 0),
        batch.accepted
    FROM batch
    LEFT JOIN logged ON batch.batch_id = logged.batch_id
    UNION ALL
    SELECT
        batch.batch_id,
        'head',
        logged.last_seq,
        batch.head
    FROM batch
    INNER JOIN logged ON batch.batch_id = logged.batch_id
    UNION ALL
    SELECT
        batch.batch_id,
        'positions in a row',
        logged.events,
        logged.positions
    FROM batch
    INNER JOIN logged ON batch.batch_id = logged.batch_id
    UNION ALL
    SELECT
        batch_id,
        'batches of this id',
        1,
        0
    FROM logged
    WHERE batch_id NOT IN (SELECT batch.batch_id FROM batch)
)

SELECT
    'ingest_batch' AS relation,
    concat('batch_id=', batch_id, ' ', figure) AS key,
    CAST(expected AS VARCHAR) AS expected,
    CAST(found AS VARCHAR) AS found
FROM figure
WHERE expected IS DISTINCT FROM found
