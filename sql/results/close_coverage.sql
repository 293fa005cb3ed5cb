-- Whether a source that has to report what it sent was complete at a close, or the period was
-- closed without it. No part of any digest.
-- Grain: one row per closed period and source that had to report.
--
-- period VARCHAR: the period
-- source VARCHAR: the source
-- closed_without BOOLEAN: whether the period was closed whatever the source had reported
-- uncovered_from TIMESTAMP: the first instant of the period that no report covered, in UTC; null
--   where all were
-- differences BIGINT: types and currencies of its reports that differed from the log
WITH differing AS (
    SELECT
        source,
        count(*) AS differences
    FROM report_difference
    GROUP BY source
)

SELECT
    close_input.period,
    required_source.source,
    required_source.closed_without,
    CASE
        WHEN source_coverage.reported_until < close_input.ends_at
            THEN source_coverage.reported_until
    END AS uncovered_from,
    coalesce(differing.differences, 0) AS differences
FROM required_source
CROSS JOIN close_input
INNER JOIN source_coverage ON required_source.source = source_coverage.source
LEFT JOIN differing ON required_source.source = differing.source
