-- Reads an FX rate's text in 10^-10.
CREATE OR REPLACE TEMP MACRO rate_e10(rate) AS
CAST(replace(CAST(CAST(rate AS DECIMAL(17, 10)) AS VARCHAR), '.', '') AS BIGINT);
