-- Returns the greatest integer that isn't above the exact quotient of two HUGEINTs, none below 0.
-- As `floor_div`, with each of them named half as often: it is expanded wherever it stands.
CREATE OR REPLACE MACRO floor_magnitude(numerator, denominator) AS
CASE
    WHEN
        numerator <= 9223372036854775807
        AND denominator BETWEEN 1 AND 9223372036854775807
        THEN CAST(CAST(numerator AS BIGINT) // CAST(denominator AS BIGINT) AS HUGEINT)
    WHEN denominator = 0 THEN error('out of range: a division by 0; reverse the event that made it')
    ELSE numerator // denominator
END;
