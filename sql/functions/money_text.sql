-- Writes micros with 6 decimals, `-` before negatives.
CREATE OR REPLACE TEMP MACRO money_text(micros) AS
CASE WHEN micros < 0 THEN '-' ELSE '' END
|| CAST(abs(CAST(micros AS HUGEINT)) // 1000000 AS VARCHAR)
|| '.'
|| lpad(CAST(abs(CAST(micros AS HUGEINT)) % 1000000 AS VARCHAR), 6, '0');
