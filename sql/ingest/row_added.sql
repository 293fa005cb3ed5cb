-- What a batch adds to the facts.
-- Grain: one row per row of a fact; one for all rows of a file that is added as it is.
--
-- commit_id VARCHAR: the batch of `ingest_batch`
-- head BIGINT: head of the log after the batch
-- relation VARCHAR: name of the fact
-- rows_added BIGINT: how many rows it is
-- md5_sum DECIMAL(38, 0): sum of their `row_md5`
WITH row_of_fact AS (
    SELECT 'advance' AS relation, row_md5(advance) AS md5
    FROM advance
    UNION ALL
    SELECT 'asset_generated', row_md5(asset_generated)
    FROM asset_generated
    UNION ALL
    SELECT 'attribution', row_md5(attribution)
    FROM attribution
    UNION ALL
    SELECT 'base_model', row_md5(base_model)
    FROM base_model
    UNION ALL
    SELECT 'contributor', row_md5(contributor)
    FROM contributor
    UNION ALL
    SELECT 'event_reversed', row_md5(event_reversed)
    FROM event_reversed
    UNION ALL
    SELECT 'fx_rate', row_md5(fx_rate)
    FROM fx_rate
    UNION ALL
    SELECT 'image_licensed', row_md5(image_licensed)
    FROM image_licensed
    UNION ALL
    SELECT 'licence_contributor', row_md5(licence_contributor)
    FROM licence_contributor
    UNION ALL
    SELECT 'licence_revoked', row_md5(licence_revoked)
    FROM licence_revoked
    UNION ALL
    SELECT 'manifest_entry', row_md5(manifest_entry)
    FROM manifest_entry
    UNION ALL
    SELECT 'model_trained', row_md5(model_trained)
    FROM model_trained
    UNION ALL
    SELECT 'source_report', row_md5(source_report)
    FROM source_report
    UNION ALL
    SELECT 'terms', row_md5(terms)
    FROM terms
),

fact AS (
    SELECT
        relation,
        1 AS rows_added,
        md5 AS md5_sum
    FROM row_of_fact
    UNION ALL
    SELECT
        'manifest_entry',
        rows_added,
        md5_sum
    FROM added_file
)

SELECT
    ingest_batch.batch_id AS commit_id,
    ingest_batch.head,
    fact.relation,
    fact.rows_added,
    fact.md5_sum
FROM fact
CROSS JOIN ingest_batch
