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
        min(seq) AS first_seq,
        max(seq) AS last_seq,
        bit_xor(hash(seq)) AS fingerprint
    FROM stored.event
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
),

-- One scan of one column: the positions' hashes come to that of the numbers from 1 where
-- each stands once, and hardly ever where one stands twice in the place of another.
-- That no identity stands twice is what an ingest looks up before each commit and `verify` proves
-- of the whole log: here, each close would have to sort it.
whole AS (
    SELECT bit_xor(hash(number)) AS fingerprint
    FROM range(1, (SELECT close_input.log_seq + 1 FROM close_input)) AS whole_log (number)
)

SELECT
    close_input.log_seq,
    log.events,
    log.first_seq,
    log.last_seq
FROM log
CROSS JOIN whole
CROSS JOIN close_input
WHERE log.events != close_input.log_seq OR log.fingerprint IS DISTINCT FROM whole.fingerprint
