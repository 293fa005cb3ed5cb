-- A time of a closed period that no report which counts covers, though its source had to report:
-- it was left out of the close, or a later report took the place of one that covered more.
-- Grain: one row per closed period and source that had to report and isn't covered whole now.
--
-- period VARCHAR: the closed period
-- source VARCHAR: the source
-- uncovered_from TIMESTAMP: the first instant of the period that no report covers, in UTC
WITH asked AS (
    SELECT
        closed.period,
        coverage.source,
        closed.starts_at,
        closed.ends_at
    FROM stored.close_coverage AS coverage
    INNER JOIN earlier.period_close AS closed ON coverage.period = closed.period
),

candidate AS (
    SELECT
        period,
        source,
        starts_at AS instant
    FROM asked
    UNION ALL
    SELECT
        asked.period,
        asked.source,
        counted_report.reported_until
    FROM asked
    INNER JOIN counted_report
        ON
            asked.source = counted_report.source
            AND asked.starts_at < counted_report.reported_until
            AND asked.ends_at > counted_report.reported_until
)

SELECT
    candidate.period,
    candidate.source,
    min(candidate.instant) AS uncovered_from
FROM candidate
ANTI JOIN counted_report
    ON
        candidate.source = counted_report.source
        AND candidate.instant >= counted_report.reported_from
        AND candidate.instant < counted_report.reported_until
GROUP BY candidate.period, candidate.source
