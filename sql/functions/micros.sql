-- Reads an amount of SPEC §3.2, such as '1.5', in micros: 1500000.
CREATE OR REPLACE MACRO micros(amount) AS
CAST(replace(CAST(CAST(amount AS DECIMAL(18, 6)) AS VARCHAR), '.', '') AS BIGINT);
