-- Reads an FX rate of SPEC §3.3, such as '0.92', in units of 10^-10: 9200000000.
CREATE OR REPLACE MACRO rate_e10(rate) AS
CAST(replace(CAST(CAST(rate AS DECIMAL(17, 10)) AS VARCHAR), '.', '') AS BIGINT);
