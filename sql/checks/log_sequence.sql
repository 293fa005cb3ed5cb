-- The log holds each position up to the close's once: none is missing, none stands twice.
-- Grain: one row where it doesn't.
--
-- log_seq BIGINT: how far the close reads
-- events BIGINT: how many events stand there
-- first_seq BIGINT: the first position
-- last_seq BIGINT: the last position
WITH log AS (
    SELECT
        count(*) AS events,
        count(DISTINCT seq) AS positions,
        min(seq) AS first_seq,
        max(seq) AS last_seq
    FROM stored.event
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
)

-- that no identity stands twice is what an ingest looks up before each commit, and `verify` proves
-- of the whole log: here, each close would have to sort it
SELECT
    close_input.log_seq,
    log.events,
    log.first_seq,
    log.last_seq
FROM log
CROSS JOIN close_input
WHERE
    log.events != close_input.log_seq
    OR log.positions != log.events
    OR log.first_seq < 1
    OR log.last_seq > close_input.log_seq
