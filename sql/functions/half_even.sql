-- Divides exactly and rounds to the nearest integer, halves to the even one; the denominator is above 0.
-- What a floor division leaves is compared with what it lacks, so that nothing is doubled.
CREATE OR REPLACE TEMP MACRO half_even(numerator, denominator) AS
floor_div(numerator, denominator)
+ CASE
    WHEN
        CAST(numerator AS HUGEINT) - floor_div(numerator, denominator) * CAST(denominator AS HUGEINT)
        > (floor_div(numerator, denominator) + 1) * CAST(denominator AS HUGEINT) - CAST(numerator AS HUGEINT)
        THEN 1
    WHEN
        CAST(numerator AS HUGEINT) - floor_div(numerator, denominator) * CAST(denominator AS HUGEINT)
        < (floor_div(numerator, denominator) + 1) * CAST(denominator AS HUGEINT) - CAST(numerator AS HUGEINT)
        THEN 0
    WHEN floor_div(numerator, denominator) % 2 = 0 THEN 0
    ELSE 1
END;
