-- Reads a share or a rate of SPEC §3.2, such as '0.5', in parts per million: 500000.
CREATE OR REPLACE MACRO ppm(share) AS
CAST(replace(CAST(CAST(share AS DECIMAL(7, 6)) AS VARCHAR), '.', '') AS INTEGER);
