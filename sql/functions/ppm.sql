-- Reads a share's or rate's text as parts per million.
CREATE OR REPLACE TEMP MACRO ppm(rate) AS
CAST(replace(CAST(CAST(rate AS DECIMAL(7, 6)) AS VARCHAR), '.', '') AS INTEGER);
