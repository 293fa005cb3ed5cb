-- A statement that was published (SPEC §6, Publish).
-- Grain: one row per statement and destination.
--
-- digest VARCHAR: digest of the statement, which is the id of its event
-- destination VARCHAR: topic or folder it went to
-- published_at TIMESTAMP: when
SELECT
    digest,
    destination,
    published_at
FROM published
