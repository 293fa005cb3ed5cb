-- A report that counts: it was made once its time was over, and no later one of the same source
-- overlaps it, by `occurred_at`, the event's source and its id. What a later one overlaps in part
-- says nothing of the rest.
-- Grain: one row per `source-reported` event in force that counts.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the source that the report is of
-- reported_from TIMESTAMP: the first instant that it covers, in UTC
-- reported_until TIMESTAMP: the first instant that it doesn't cover any more, in UTC
-- counts STRUCT(type VARCHAR, events BIGINT)[]: how many events were sent, by type
-- amounts STRUCT(currency VARCHAR, amount_micros BIGINT)[]: their money, in micros, by currency
WITH ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY reported_source ORDER BY occurred_at, source, id
        ) AS place
    FROM in_force.source_report
    WHERE reported_until <= occurred_at
)

SELECT
    ranked.seq,
    ranked.reported_source AS source,
    ranked.reported_from,
    ranked.reported_until,
    ranked.counts,
    ranked.amounts
FROM ranked
ANTI JOIN ranked AS later
    ON
        ranked.reported_source = later.reported_source
        AND ranked.place < later.place
        AND ranked.reported_from < later.reported_until
        AND ranked.reported_until > later.reported_from
