-- Something that a report which counts says otherwise than the log, up to the close's position: a
-- number of events, or a sum of money. A reversed event was sent, and counts.
-- Grain: one row per report that counts, of whatever source, and unit that differs.
--
-- source VARCHAR: the source
-- reported_from TIMESTAMP: the first instant that the report covers, in UTC
-- reported_until TIMESTAMP: the first instant that it doesn't cover any more, in UTC
-- unit VARCHAR: a type, of which events are counted, or a currency, whose micros are added
-- is_money BOOLEAN: whether it is a currency
-- reported HUGEINT: events, or micros, as the report says
-- logged HUGEINT: events, or micros, in the log
WITH report AS (
    SELECT counted_report.*
    FROM counted_report
    CROSS JOIN close_input
    WHERE counted_report.reported_from < close_input.ends_at
),

claimed AS (
    SELECT
        seq,
        FALSE AS is_money,
        part.type AS unit,
        part.events AS amount
    FROM (SELECT seq, unnest(counts) AS part FROM report) AS counted
    UNION ALL
    SELECT
        seq,
        TRUE,
        part.currency,
        part.amount_micros
    FROM (SELECT seq, unnest(amounts) AS part FROM report) AS added
),

sent AS (
    SELECT
        source, occurred_at, seq, FALSE AS is_money, type AS unit, 1 AS amount
    FROM stored.event
    WHERE type != 'source-reported'
    UNION ALL
    SELECT
        source, occurred_at, seq, TRUE, currency, fee_micros
    FROM stored.image_licensed
    UNION ALL
    SELECT
        source, occurred_at, seq, TRUE, currency, training_fee_micros
    FROM stored.model_trained
    UNION ALL
    SELECT
        source, occurred_at, seq, TRUE, currency, revenue_micros
    FROM stored.asset_generated
),

-- a report meets the events of its days alone, not all of its source
covered AS (
    SELECT
        seq,
        source,
        reported_from,
        reported_until,
        unnest(
            generate_series(
                CAST(reported_from AS DATE), CAST(reported_until AS DATE), INTERVAL 1 DAY
            )
        ) AS covered_on
    FROM report
),

logged AS (
    SELECT
        covered.seq,
        sent.is_money,
        sent.unit,
        sum(sent.amount) AS amount
    FROM sent
    CROSS JOIN close_input
    INNER JOIN covered
        ON
            sent.source = covered.source
            AND date_trunc('day', sent.occurred_at) = covered.covered_on
            AND sent.occurred_at >= covered.reported_from
            AND sent.occurred_at < covered.reported_until
    WHERE sent.seq <= close_input.log_seq
    GROUP BY covered.seq, sent.is_money, sent.unit
),

compared AS (
    SELECT
        seq,
        is_money,
        unit,
        coalesce(CAST(claimed.amount AS HUGEINT), 0) AS reported,
        coalesce(logged.amount, 0) AS logged
    FROM claimed
    FULL JOIN logged USING (seq, is_money, unit)
)

SELECT
    report.source,
    report.reported_from,
    report.reported_until,
    compared.unit,
    compared.is_money,
    compared.reported,
    compared.logged
FROM compared
INNER JOIN report ON compared.seq = report.seq
WHERE compared.reported != compared.logged
