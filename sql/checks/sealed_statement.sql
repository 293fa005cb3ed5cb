-- A statement's sealed bytes say what its columns and its lines say, and have its digest: that of
-- each statement issued now, and of all that the same contributors, and those with something held,
-- got before.
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

issued AS (
    SELECT * FROM statement
    UNION ALL BY NAME
    SELECT *
    FROM earlier.statement
    WHERE contributor_id IN (SELECT concerned.contributor_id FROM concerned)
),

line AS (
    SELECT * FROM statement_line
    UNION ALL BY NAME
    SELECT *
    FROM earlier.statement_line
    WHERE contributor_id IN (SELECT concerned.contributor_id FROM concerned)
),

line_text AS (
    SELECT
        part.statement_id,
        list(sealed_line_fields(part) ORDER BY part.line) AS lines
    FROM line AS part
    GROUP BY part.statement_id
),

opened AS (
    SELECT
        *,
        sha256(sealed) AS sealed_sha256,
        opened_statement(sealed) AS document
    FROM issued
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
        document.lines IS NOT NULL AND document.lines = coalesce(line_text.lines, [])
            AS says_its_lines
    FROM opened
    LEFT JOIN line_text USING (statement_id)
)

SELECT
    statement_id,
    digest,
    sealed_sha256,
    says_its_columns,
    says_its_lines
FROM compared
WHERE digest IS DISTINCT FROM sealed_sha256 OR NOT says_its_columns OR NOT says_its_lines
