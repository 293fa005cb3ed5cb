-- Returns the integer, as HUGEINT, nearest to the exact quotient; of two as near, the even one.
-- Rounds the magnitudes: up where remainder + (1 if the quotient is odd) > denominator - remainder,
-- which is 2 * remainder + 1 > denominator without a number above 38 digits.
CREATE OR REPLACE MACRO half_even(numerator, denominator) AS
sign(exact_integer(numerator)) * sign(exact_integer(denominator)) * (
    floor_abs(abs(exact_integer(numerator)), abs(exact_integer(denominator)))
    + CAST(
        abs(exact_integer(numerator)) % abs(exact_integer(denominator))
        + (floor_abs(abs(exact_integer(numerator)), abs(exact_integer(denominator))) & 1)
        > abs(exact_integer(denominator))
        - abs(exact_integer(numerator)) % abs(exact_integer(denominator))
        AS INTEGER
    )
);
