-- The log holds each position since the close before up to this close's once: none is missing, none
-- stands twice.
-- Grain: one row where it doesn't.
--
-- log_seq BIGINT: how far the close reads
-- known_seq BIGINT: how far the close before did
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
    WHERE came_since(seq)
)

-- that no identity stands twice is what an ingest looks up before each commit, and `verify` proves
-- of the whole log: here, each close would have to sort it
SELECT
    close_input.log_seq,
    close_input.known_seq,
    log.events,
    log.first_seq,
    log.last_seq
FROM log
CROSS JOIN close_input
WHERE
    log.events != close_input.log_seq - close_input.known_seq
    OR log.positions != log.events
    OR log.first_seq <= close_input.known_seq
    OR log.last_seq > close_input.log_seq
