-- What a commit added to the facts, or to `statement`, `period_close` and `log_block`: the gate
-- sees by it whether a close reads what was written.
-- Grain: one row per commit and relation that it added to.
--
-- commit_id VARCHAR: the batch of `ingest_batch`, or the period closed
-- head BIGINT: head of the log after the commit
-- relation VARCHAR: name of the relation
-- rows_added BIGINT: how many rows it added
-- md5_sum DECIMAL(38, 0): sum of the rows' `row_md5`, a statement's without its sealed bytes
SELECT
    commit_id,
    head,
    relation,
    CAST(sum(rows_added) AS BIGINT) AS rows_added,
    sum(md5_sum) AS md5_sum
FROM row_added
GROUP BY commit_id, head, relation
