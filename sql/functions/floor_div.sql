-- Returns the greatest integer that isn't above the exact quotient, as HUGEINT; `//` truncates.
-- A denominator of 0 is an error, where `//` gives null.
-- Where the signs differ, it is -1 less what 1 less of the numerator's magnitude gives.
CREATE OR REPLACE MACRO floor_div(numerator, denominator) AS
CASE
    WHEN numerator = 0 OR (numerator < 0) = (denominator < 0)
        THEN floor_abs(abs(exact_integer(numerator)), abs(exact_integer(denominator)))
    ELSE -1 - floor_abs(abs(exact_integer(numerator)) - 1, abs(exact_integer(denominator)))
END;
