-- Reads a canonical instant, such as '2026-10-20T08:00:00.123456Z', as a TIMESTAMP in UTC.
CREATE OR REPLACE MACRO instant(text) AS CAST(text AS TIMESTAMP);
