-- Each earlier close follows the one before, in time and by its digest, has as many statements as
-- it says, the log has the event that says so, and the tree has a leaf for each close and
-- statement. The last close's digest is that of its statements' digests (SPEC §6, Seal); where the
-- close computes everything, each earlier one's is.
-- Grain: one row per close that doesn't.
--
-- period VARCHAR: period of the close
-- previous_digest VARCHAR: digest of the close before, as stored
-- digest VARCHAR: as stored
-- chained_digest VARCHAR: as it follows from the close before and the statements
-- statements BIGINT: how many statements it says that it issued
-- stored_statements BIGINT: how many are stored
-- tree_size BIGINT: how many leaves it says that the tree had with it
WITH checked AS (
    SELECT period
    FROM earlier.period_close
    WHERE seq > (SELECT close_input.known_seq FROM close_input)
),

sealed AS (
    SELECT
        period,
        count(*) AS stored_statements,
        string_agg(
            concat(contributor_id, ' ', digest, chr(10)), '' ORDER BY contributor_id
        ) FILTER (WHERE checked.period IS NOT NULL) AS text
    FROM earlier.statement
    LEFT JOIN checked USING (period)
    GROUP BY period
),

chain AS (
    SELECT
        period_close.*,
        coalesce(sealed.stored_statements, 0) AS stored_statements,
        coalesce(sealed.text, '') AS text,
        coalesce(
            lag(period_close.digest) OVER (ORDER BY period_close.period), repeat('0', 64)
        ) AS digest_before,
        lag(period_close.ends_at) OVER (ORDER BY period_close.period) AS ended_before_at,
        sum(1 + period_close.statements) OVER (
            ORDER BY period_close.period
        ) AS leaves
    FROM earlier.period_close AS period_close
    LEFT JOIN sealed ON period_close.period = sealed.period
),

chained AS (
    SELECT
        *,
        CASE
            WHEN checked.period IS NULL THEN chain.digest
            ELSE sha256(concat(digest_before, chr(10), period, chr(10), text))
        END AS chained_digest
    FROM chain
    LEFT JOIN checked USING (period)
)

SELECT
    chained.period,
    chained.previous_digest,
    chained.digest,
    chained.chained_digest,
    chained.statements,
    chained.stored_statements,
    chained.tree_size
FROM chained
LEFT JOIN stored.event AS closed
    ON
        chained.seq = closed.seq
        AND closed.type = 'period-closed'
        AND chained.period = closed.id
        AND json_extract_string(closed.content, '$.data.digest') = chained.digest
        AND json_extract(closed.content, '$.data.log_seq') = chained.log_seq
WHERE
    chained.digest IS DISTINCT FROM chained.chained_digest
    OR chained.previous_digest IS DISTINCT FROM chained.digest_before
    OR chained.starts_at != chained.ended_before_at
    OR chained.statements IS DISTINCT FROM chained.stored_statements
    OR chained.tree_size IS DISTINCT FROM chained.leaves
    OR closed.seq IS NULL
