-- Reads an amount's text as micros.
CREATE OR REPLACE TEMP MACRO micros(amount) AS
CAST(replace(CAST(CAST(amount AS DECIMAL(18, 6)) AS VARCHAR), '.', '') AS BIGINT);
