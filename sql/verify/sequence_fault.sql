-- A place where the log isn't one event a position, from 1 up to its head, or has an identity
-- twice.
-- Grain: one row per position or identity that is at fault, and one for a head that is elsewhere.
--
-- relation VARCHAR: the relation that says so
-- key VARCHAR: the position, or the identity
-- expected VARCHAR: what it should be
-- found VARCHAR: what it is
WITH position AS (
    SELECT
        seq,
        lag(seq, 1, 0) OVER (ORDER BY seq) AS seq_before
    FROM stored.event
),

twice AS (
    SELECT
        source,
        id,
        list(seq ORDER BY seq) AS positions
    FROM stored.event
    GROUP BY source, id
    HAVING count(*) > 1
),

last_position AS (
    SELECT coalesce(max(seq), 0) AS seq FROM stored.event
),

head AS (
    SELECT
        count(*) AS heads,
        any_value(seq) AS seq
    FROM warehouse.head
)

SELECT
    'event' AS relation,
    concat('seq=', seq_before + 1) AS key,
    'one event' AS expected,
    CASE
        WHEN seq = seq_before THEN 'the position before twice'
        ELSE concat('none before seq=', seq)
    END AS found
FROM position
WHERE seq IS DISTINCT FROM seq_before + 1
UNION ALL
SELECT
    'event',
    concat('source=', source, ' id=', id),
    'one event',
    concat('events ', array_to_string(positions, ', '))
FROM twice
UNION ALL
SELECT
    'head',
    '',
    CAST(last_position.seq AS VARCHAR),
    CASE WHEN head.heads = 1 THEN CAST(head.seq AS VARCHAR) ELSE concat(head.heads, ' rows') END
FROM last_position
CROSS JOIN head
WHERE head.heads != 1 OR head.seq != last_position.seq
