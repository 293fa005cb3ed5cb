-- Reads a canonical instant, `2026-10-20T08:00:00.123456Z`, as a timestamp in UTC.
CREATE OR REPLACE TEMP MACRO instant(canonical) AS
CAST(left(canonical, 26) AS TIMESTAMP);
