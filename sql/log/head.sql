-- The head of the log; every commit updates it, so that of two from one head only one succeeds.
-- Grain: one row.
--
-- seq BIGINT: position of the last event of the log; 0 where it is empty
SELECT coalesce(max(seq), 0) AS seq FROM accepted
