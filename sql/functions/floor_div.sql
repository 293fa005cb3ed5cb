-- Divides exactly and rounds towards minus infinity; the denominator is above 0.
CREATE OR REPLACE TEMP MACRO floor_div(numerator, denominator) AS
CAST(numerator AS HUGEINT) // CAST(denominator AS HUGEINT)
- CASE
    WHEN
        CAST(numerator AS HUGEINT) < 0
        AND CAST(numerator AS HUGEINT) % CAST(denominator AS HUGEINT) != 0
        THEN 1
    ELSE 0
END;
