-- What became of what was received, day by day; received = accepted + duplicate + conflict +
-- rejected.
-- Grain: one row per day and origin of batches.
--
-- recorded_on DATE: the day that the log took the batches, in UTC
-- origin VARCHAR: `ingest`, or `deadletter` where dead letters were replayed
-- batches BIGINT: committed batches
-- received BIGINT: what was received, blank lines aside
-- accepted BIGINT: events that the log took
-- duplicate BIGINT: events that the log had, with the same content
-- conflict BIGINT: events that the log had, with other content
-- rejected BIGINT: refused for another reason than a conflict
-- accepted_ppm BIGINT: accepted, as a part of what was received, in millionths, floored; null where
--   nothing was
SELECT
    CAST(recorded_at AS DATE) AS recorded_on,
    coalesce(origin, 'ingest') AS origin,
    count(*) AS batches,
    CAST(sum(received) AS BIGINT) AS received,
    CAST(sum(accepted) AS BIGINT) AS accepted,
    CAST(sum(duplicate) AS BIGINT) AS duplicate,
    CAST(sum(conflict) AS BIGINT) AS conflict,
    CAST(sum(rejected) AS BIGINT) AS rejected,
    CAST(
        floor_abs(CAST(sum(accepted) AS HUGEINT) * 1000000, nullif(sum(received), 0)) AS BIGINT
    ) AS accepted_ppm
FROM ingest_batch
GROUP BY ALL
