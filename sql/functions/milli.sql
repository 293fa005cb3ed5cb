-- Reads a weight of SPEC §3.2, such as '1.5', in thousandths: 1500.
CREATE OR REPLACE MACRO milli(weight) AS
CAST(replace(CAST(CAST(weight AS DECIMAL(7, 3)) AS VARCHAR), '.', '') AS INTEGER);
