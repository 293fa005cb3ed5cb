-- Returns the greatest integer that isn't above the exact quotient of two HUGEINTs, none below 0.
-- The one place in SQL that divides. What fits 64 bits is divided in 64 bits, which is 30 times as
-- fast.
CREATE OR REPLACE MACRO floor_abs(numerator, denominator) AS
CASE
    WHEN
        numerator <= 9223372036854775807
        AND denominator BETWEEN 1 AND 9223372036854775807
        THEN CAST(CAST(numerator AS BIGINT) // CAST(denominator AS BIGINT) AS HUGEINT)
    WHEN denominator = 0 THEN error('out of range: a division by 0; reverse the event that made it')
    ELSE numerator // denominator
END;
