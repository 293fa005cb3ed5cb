-- How much of what was refused is open, by reason: neither resolved nor dismissed.
-- Grain: one row per reason that has open dead letters.
--
-- reason VARCHAR: why it was refused
-- letters BIGINT: open dead letters with this reason
-- first_received_at TIMESTAMP: when the oldest of them was refused, in UTC
-- last_received_at TIMESTAMP: when the newest of them was refused, in UTC
SELECT
    reason,
    count(*) AS letters,
    min(received_at) AS first_received_at,
    max(received_at) AS last_received_at
FROM dead_letter
WHERE resolved_at IS NULL AND dismissed_at IS NULL
GROUP BY reason
