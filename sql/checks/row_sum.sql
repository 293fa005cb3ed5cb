-- The facts, and what earlier closes stored of statements, themselves and the log's blocks, are as
-- they were written: nothing was added, lost or edited. Facts of which there are few, and which
-- each close reads, are looked at from the first on, all others since the close before.
-- Grain: one row per relation that isn't what was written.
--
-- relation VARCHAR: name of the relation
-- written_rows BIGINT: how many rows the commits up to the close's position wrote
-- found_rows BIGINT: how many there are
-- written_md5_sum DECIMAL(38,0): sum of the MD5s of the rows as written
-- found_md5_sum DECIMAL(38,0): the same of the rows as they are
WITH closed AS (
    SELECT * EXCLUDE (tree_size, tree_root, checkpoint, verifier_key)
    FROM earlier.period_close
    WHERE seq > (SELECT close_input.known_seq FROM close_input)
),

issued AS (
    SELECT statement.* EXCLUDE (sealed)
    FROM earlier.statement AS statement
    SEMI JOIN closed ON statement.period = closed.period
),

trained AS (
    SELECT manifest_sha256
    FROM stored.model_trained
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    GROUP BY manifest_sha256
    HAVING min(seq) > (SELECT close_input.known_seq FROM close_input)
),

block_before AS (
    SELECT coalesce(max(log_seq), 0) AS log_seq
    FROM earlier.period_close
    WHERE seq <= (SELECT close_input.known_seq FROM close_input)
),

row_found AS (
    SELECT 'advance' AS relation, row_md5(advance) AS md5
    FROM stored.advance AS advance
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'asset_generated', row_md5(asset_generated)
    FROM stored.asset_generated AS asset_generated
    WHERE came_since(seq)
    UNION ALL
    SELECT 'attribution', row_md5(attribution)
    FROM stored.attribution AS attribution
    WHERE came_since(seq)
    UNION ALL
    SELECT 'base_model', row_md5(base_model)
    FROM stored.base_model AS base_model
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'contributor', row_md5(contributor)
    FROM stored.contributor AS contributor
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'event_reversed', row_md5(event_reversed)
    FROM stored.event_reversed AS event_reversed
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'fx_rate', row_md5(fx_rate)
    FROM stored.fx_rate AS fx_rate
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'image_licensed', row_md5(image_licensed)
    FROM stored.image_licensed AS image_licensed
    WHERE came_since(seq)
    UNION ALL
    SELECT 'licence_contributor', row_md5(licence_contributor)
    FROM stored.licence_contributor AS licence_contributor
    WHERE came_since(seq)
    UNION ALL
    SELECT 'licence_revoked', row_md5(licence_revoked)
    FROM stored.licence_revoked AS licence_revoked
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'manifest_entry', row_md5(manifest_entry)
    FROM stored.manifest_entry AS manifest_entry
    WHERE manifest_sha256 IN (SELECT trained.manifest_sha256 FROM trained)
    UNION ALL
    SELECT 'model_trained', row_md5(model_trained)
    FROM stored.model_trained AS model_trained
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'source_report', row_md5(source_report)
    FROM stored.source_report AS source_report
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'terms', row_md5(terms)
    FROM stored.terms AS terms
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    UNION ALL
    SELECT 'statement', row_md5(issued)
    FROM issued
    UNION ALL
    SELECT 'period_close', row_md5(closed)
    FROM closed
    UNION ALL
    SELECT 'log_block', row_md5(log_block)
    FROM stored.log_block AS log_block
    WHERE (log_block.block + 1) * 4096 > (SELECT block_before.log_seq FROM block_before)
),

found AS (
    SELECT
        relation,
        count(*) AS found_rows,
        sum(md5) AS md5_sum
    FROM row_found
    GROUP BY relation
),

written AS (
    SELECT
        relation,
        CAST(sum(rows_added) AS BIGINT) AS written_rows,
        sum(md5_sum) AS md5_sum
    FROM stored.row_sum
    WHERE
        head <= (SELECT close_input.log_seq FROM close_input)
        AND (
            came_since(head)
            OR relation NOT IN (
                'asset_generated', 'attribution', 'image_licensed', 'licence_contributor',
                'log_block', 'manifest_entry', 'period_close', 'statement'
            )
        )
    GROUP BY relation
)

SELECT
    relation,
    written.written_rows,
    found.found_rows,
    written.md5_sum AS written_md5_sum,
    found.md5_sum AS found_md5_sum
FROM written
FULL JOIN found USING (relation)
WHERE
    written.written_rows IS DISTINCT FROM found.found_rows
    OR written.md5_sum IS DISTINCT FROM found.md5_sum
