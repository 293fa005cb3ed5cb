-- Multiplies two integers exactly, as HUGEINT; null where one of them is null.
-- A product of more than 38 digits is an error that names `what` was computed (SPEC §5.2, Range).
-- TRY stands twice: the optimizer shares the product, and a bare one would raise without a name.
CREATE OR REPLACE MACRO exact_product(multiplicand, multiplier, what) AS
coalesce(
    CASE
        WHEN
            TRY(exact_integer(multiplicand) * exact_integer(multiplier))
            BETWEEN -99999999999999999999999999999999999999
            AND 99999999999999999999999999999999999999
            THEN TRY(exact_integer(multiplicand) * exact_integer(multiplier))
    END,
    CASE
        WHEN multiplicand IS NOT NULL AND multiplier IS NOT NULL
            THEN error(
                concat(
                    'out of range: ', what,
                    ': a product has more than 38 digits; reverse the event that made it'
                )
            )
    END
);
