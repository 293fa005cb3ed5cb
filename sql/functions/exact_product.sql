-- Multiplies exactly; an error names `what` where the product has more than 38 digits (SPEC §5.2, Range).
CREATE OR REPLACE TEMP MACRO exact_product(multiplicand, multiplier, what) AS
coalesce(
    TRY(
        CAST(
            CAST(CAST(multiplicand AS HUGEINT) * CAST(multiplier AS HUGEINT) AS DECIMAL(38, 0))
            AS HUGEINT
        )
    ),
    error(
        'out of range: ' || what
        || ': a product has more than 38 digits; reverse the event that made it'
    )
);
