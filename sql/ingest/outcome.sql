-- What becomes of everything received in a batch: exactly one thing (SPEC §3.4).
-- Grain: one row per event and refusal of the batch.
--
-- position BIGINT: order in the batch
-- outcome VARCHAR: `accepted`, `duplicate`, `conflict` or `rejected`
-- reason VARCHAR: why it is refused, as a word of SPEC §3.4; null where it isn't
-- path VARCHAR: where in the event, as a dotted path; null where it isn't refused
-- message VARCHAR: what is wrong there; null where it isn't refused
SELECT
    position,
    outcome,
    CAST(NULL AS VARCHAR) AS reason,
    CAST(NULL AS VARCHAR) AS path,
    CAST(NULL AS VARCHAR) AS message
FROM judged_event
WHERE outcome IN ('accepted', 'duplicate')
UNION ALL
SELECT
    position,
    CASE reason WHEN 'id_conflict' THEN 'conflict' ELSE 'rejected' END AS outcome,
    reason,
    path,
    message
FROM refusal
