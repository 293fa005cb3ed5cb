-- Reads a weight's text as thousandths.
CREATE OR REPLACE TEMP MACRO milli(weight) AS
CAST(replace(CAST(CAST(weight AS DECIMAL(7, 3)) AS VARCHAR), '.', '') AS INTEGER);
