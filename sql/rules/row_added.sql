-- A row that a close adds to what later closes read of it, as its own transaction sees it.
-- Grain: one row per row of `statement`, `period_close` and `log_block`.
--
-- commit_id VARCHAR: the period closed
-- head BIGINT: head of the log after the close
-- relation VARCHAR: name of the relation
-- rows_added INTEGER: 1
-- md5_sum DECIMAL(38, 0): its `row_md5`, a statement's without its sealed bytes, a close's
--   without its tree and its checkpoint
WITH issued AS (
    SELECT * EXCLUDE (sealed)
    FROM statement
),

closed AS (
    SELECT * EXCLUDE (tree_size, tree_root, checkpoint, verifier_key)
    FROM warehouse.period_close
    WHERE period = (SELECT close_input.period FROM close_input)
),

result AS (
    SELECT 'statement' AS relation, row_md5(issued) AS md5
    FROM issued
    UNION ALL
    SELECT 'period_close', row_md5(closed)
    FROM closed
    UNION ALL
    SELECT 'log_block', row_md5(log_block)
    FROM log_block
)

SELECT
    close_input.period AS commit_id,
    head.seq AS head,
    result.relation,
    1 AS rows_added,
    result.md5 AS md5_sum
FROM result
CROSS JOIN close_input
CROSS JOIN warehouse.head AS head
