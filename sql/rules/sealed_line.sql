-- A statement's lines as JSON, as §7.2 of the specification writes them.
-- Grain: one row per contributor with lines.
--
-- contributor_id VARCHAR: the contributor
-- lines JSON[]: the lines in the statement's order, keys sorted
SELECT
    contributor_id,
    list(
        to_json(
            {
                'amount': money_text(amount_micros),
                'basis': basis,
                'corrected': money_text(corrected_micros),
                'currency': currency,
                'delta': money_text(delta_micros),
                'fx': CASE
                    WHEN fx_base IS NOT NULL
                        THEN to_json(
                            {
                                'base': fx_base,
                                'date': strftime(fx_on, '%Y-%m-%d'),
                                'from_rate': fx_from_rate,
                                'to_rate': fx_to_rate
                            }
                        )
                    WHEN fx_credited_micros IS NOT NULL
                        THEN to_json({'credited': money_text(fx_credited_micros)})
                END,
                'kind': kind,
                'origin_period': origin_period,
                'original': money_text(original_micros),
                'reference': reference
            }
        ) ORDER BY line
    ) AS lines
FROM statement_line
GROUP BY contributor_id
