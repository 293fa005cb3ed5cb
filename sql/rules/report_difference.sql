-- Something that a report of the period says otherwise than the log, up to the close's position.
-- Grain: one row per report that counts, of a source that has to report, and unit that differs.
--
-- source VARCHAR: the source
-- reported_from TIMESTAMP: the first instant that the report covers, in UTC
-- reported_until TIMESTAMP: the first instant that it doesn't cover any more, in UTC
-- unit VARCHAR: a type, of which events are counted, or a currency, whose micros are added
-- is_money BOOLEAN: whether it is a currency
-- reported HUGEINT: events, or micros, as the report says
-- logged HUGEINT: events, or micros, in the log
SELECT differing_report.*
FROM differing_report
SEMI JOIN required_source ON differing_report.source = required_source.source
CROSS JOIN close_input
WHERE differing_report.reported_until > close_input.starts_at
