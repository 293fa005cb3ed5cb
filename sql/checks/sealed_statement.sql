-- A statement's sealed bytes say what its columns and its lines say, and have its digest: each
-- statement issued now, the last one of the same contributors and of those with something held, and
-- those whose lines this close goes by. Where it computes everything, all of those contributors'.
-- Grain: one row per statement whose bytes say something else.
--
-- statement_id VARCHAR: the statement
-- digest VARCHAR: as stored or staged
-- sealed_sha256 VARCHAR: of its sealed bytes
-- says_its_columns BOOLEAN: whether its fields are its columns
-- says_its_lines BOOLEAN: whether its lines are those of `statement_line`
WITH concerned AS (
    SELECT contributor_id FROM statement
    UNION
    SELECT contributor_id FROM standing_held WHERE contributor_id IS NOT NULL
),

-- the statements before that this close reads: the last ones, and those whose lines it goes by
looked_at AS (
    SELECT
        contributor_id,
        max(period) AS period
    FROM earlier.statement
    SEMI JOIN concerned USING (contributor_id)
    GROUP BY contributor_id
    UNION
    SELECT
        line.contributor_id,
        line.period
    FROM earlier.statement_line AS line
    INNER JOIN touched USING (basis, reference, origin_period, currency)
    CROSS JOIN close_input
    WHERE touched.origin_period < close_input.period
    UNION
    SELECT
        line.contributor_id,
        line.period
    FROM earlier.statement_line AS line
    INNER JOIN open_change USING (contributor_id, basis, reference, origin_period, currency)
    UNION
    SELECT
        statement.contributor_id,
        statement.period
    FROM earlier.statement AS statement
    SEMI JOIN concerned USING (contributor_id)
    CROSS JOIN close_input
    WHERE close_input.known_seq = 0
),

issued AS (
    SELECT * FROM statement
    UNION ALL BY NAME
    SELECT *
    FROM earlier.statement
    SEMI JOIN looked_at USING (contributor_id, period)
),

line AS (
    SELECT * FROM statement_line
    UNION ALL BY NAME
    SELECT *
    FROM earlier.statement_line
    SEMI JOIN looked_at USING (contributor_id, period)
),

opened AS NOT MATERIALIZED (
    SELECT
        *,
        sha256(sealed) AS sealed_sha256,
        opened_statement(sealed) AS document
    FROM issued
),

said_line AS (
    SELECT
        statement_id,
        generate_subscripts(document.lines, 1) AS line,
        unnest(document.lines) AS fields
    FROM opened
),

-- a sum of digests for each statement: whole lines side by side take more memory than there is
digested AS (
    SELECT
        statement_id,
        1 AS side,
        row_md5(row(line, fields)) AS line_md5
    FROM said_line
    UNION ALL
    SELECT
        kept.statement_id,
        -1 AS side,
        row_md5(row(kept.line, sealed_line_fields(kept))) AS line_md5
    FROM line AS kept
),

wrong_line AS (
    SELECT statement_id
    FROM digested
    GROUP BY statement_id
    HAVING sum(side) != 0 OR sum(side * line_md5) != 0
),

compared AS (
    SELECT
        opened.statement_id,
        opened.digest,
        opened.sealed_sha256,
        [
            document.adjustments, document.advance_outstanding, document.carried,
            document.contributor_id, document.currency, document.opening, document.payable,
            document.period, document.recouped, document.reserve_balance,
            document.reserve_released, document.reserve_withheld, document.royalties,
            document.statement_id, document.withholding, document.converted."from",
            document.converted.base, document.converted.date, document.converted.from_rate,
            document.converted.to_rate, document.converted.opening
        ]
        = [
            money_text(adjustments_micros), money_text(advance_outstanding_micros),
            money_text(carried_micros), contributor_id, currency, money_text(opening_micros),
            money_text(payable_micros), period, money_text(recouped_micros),
            money_text(reserve_balance_micros), money_text(reserve_released_micros),
            money_text(reserve_withheld_micros), money_text(royalties_micros), statement_id,
            money_text(withholding_micros), converted_from, converted_base,
            CAST(converted_on AS VARCHAR), converted_from_rate, converted_to_rate,
            money_text(converted_opening_micros)
        ] AS says_its_columns,
        document.lines IS NOT NULL
        AND opened.statement_id NOT IN (SELECT wrong_line.statement_id FROM wrong_line)
            AS says_its_lines
    FROM opened
)

SELECT
    statement_id,
    digest,
    sealed_sha256,
    says_its_columns,
    says_its_lines
FROM compared
WHERE digest IS DISTINCT FROM sealed_sha256 OR NOT says_its_columns OR NOT says_its_lines
