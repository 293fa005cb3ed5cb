-- Returns the fields of a statement's line as its sealed JSON has them (SPEC §7.2), from a row of
-- `statement_line`.
CREATE OR REPLACE MACRO sealed_line_fields(line) AS
{
    'amount': money_text(line.amount_micros),
    'basis': line.basis,
    'corrected': money_text(line.corrected_micros),
    'currency': line.currency,
    'delta': money_text(line.delta_micros),
    'fx': CASE
        WHEN line.fx_base IS NOT NULL OR line.fx_credited_micros IS NOT NULL
            THEN
                {
                    'base': line.fx_base,
                    'credited': money_text(line.fx_credited_micros),
                    'date': CAST(line.fx_on AS VARCHAR),
                    'from_rate': line.fx_from_rate,
                    'to_rate': line.fx_to_rate
                }
    END,
    'kind': line.kind,
    'origin_period': line.origin_period,
    'original': money_text(line.original_micros),
    'reference': line.reference
};
