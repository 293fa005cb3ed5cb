-- A close that doesn't follow the one before, in time and by its digest, or that the log doesn't
-- tell of; and an event that tells of a close that isn't stored.
-- Grain: one row per close and thing that isn't what it should be.
--
-- relation VARCHAR: the relation that says so
-- key VARCHAR: the period
-- expected VARCHAR: what it should be
-- found VARCHAR: what it is
WITH chained AS (
    SELECT
        *,
        lag(digest, 1, repeat('0', 64)) OVER (ORDER BY period) AS digest_before,
        lag(ends_at) OVER (ORDER BY period) AS ended_before_at
    FROM stored.period_close
),

told AS (
    SELECT
        id AS period,
        seq,
        json_extract_string(closed.content, '$.data.digest') AS digest,
        json_extract_string(closed.content, '$.data.log_seq') AS log_seq
    FROM (
        SELECT
            id,
            seq,
            CASE WHEN json_valid(content) THEN content END AS content
        FROM stored.event
        WHERE type = 'period-closed'
    ) AS closed
),

figure AS (
    SELECT
        period,
        'previous_digest' AS figure,
        digest_before AS expected,
        previous_digest AS found
    FROM chained
    UNION ALL
    SELECT
        period,
        'starts_at',
        CAST(ended_before_at AS VARCHAR),
        CAST(starts_at AS VARCHAR)
    FROM chained
    WHERE ended_before_at IS NOT NULL
    UNION ALL
    SELECT
        coalesce(told.period, chained.period),
        'digest, by the log',
        told.digest,
        chained.digest
    FROM told
    FULL JOIN chained ON told.period = chained.period
    UNION ALL
    SELECT
        told.period,
        'log_seq, by the log',
        told.log_seq,
        CAST(chained.log_seq AS VARCHAR)
    FROM told
    INNER JOIN chained ON told.period = chained.period
    UNION ALL
    SELECT
        told.period,
        'seq, by the log',
        CAST(told.seq AS VARCHAR),
        CAST(chained.seq AS VARCHAR)
    FROM told
    INNER JOIN chained ON told.period = chained.period
)

SELECT
    'period_close' AS relation,
    concat('period=', period, ' ', figure) AS key,
    coalesce(expected, 'no close') AS expected,
    coalesce(found, 'none') AS found
FROM figure
WHERE expected IS DISTINCT FROM found
