-- How far the reports of a source go without a gap, from the period's first instant on.
-- Grain: one row per source that has to report.
--
-- source VARCHAR: the source
-- reported_until TIMESTAMP: the first instant from the period's start on that no report which
--   counts covers, in UTC
WITH candidate AS (
    SELECT
        required_source.source,
        close_input.starts_at AS instant
    FROM required_source
    CROSS JOIN close_input
    UNION ALL
    SELECT
        counted_report.source,
        counted_report.reported_until
    FROM counted_report
    CROSS JOIN close_input
    WHERE counted_report.reported_until > close_input.starts_at
),

uncovered AS (
    SELECT candidate.*
    FROM candidate
    ANTI JOIN counted_report
        ON
            candidate.source = counted_report.source
            AND candidate.instant >= counted_report.reported_from
            AND candidate.instant < counted_report.reported_until
)

SELECT
    required_source.source,
    min(uncovered.instant) AS reported_until
FROM required_source
INNER JOIN uncovered ON required_source.source = uncovered.source
GROUP BY required_source.source
