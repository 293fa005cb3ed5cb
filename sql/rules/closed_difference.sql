-- Something that a report of a period which is closed says otherwise than the log now: the source
-- was left out of the close, or the report or the events came after it.
-- Grain: one row per closed period, report that counts and covers a part of it, and unit that
-- differs.
--
-- period VARCHAR: the closed period
-- source VARCHAR: the source
-- reported_from TIMESTAMP: the first instant that the report covers, in UTC
-- reported_until TIMESTAMP: the first instant that it doesn't cover any more, in UTC
-- unit VARCHAR: a type, of which events are counted, or a currency, whose micros are added
-- is_money BOOLEAN: whether it is a currency
-- reported HUGEINT: events, or micros, as the report says
-- logged HUGEINT: events, or micros, in the log
SELECT
    closed.period,
    differing_report.source,
    differing_report.reported_from,
    differing_report.reported_until,
    differing_report.unit,
    differing_report.is_money,
    differing_report.reported,
    differing_report.logged
FROM differing_report
INNER JOIN earlier.period_close AS closed
    ON
        differing_report.reported_from < closed.ends_at
        AND differing_report.reported_until > closed.starts_at
