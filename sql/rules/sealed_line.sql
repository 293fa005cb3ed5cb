-- A statement's lines as JSON, as §7.2 of the specification writes them.
-- Grain: one row per contributor with lines.
--
-- contributor_id VARCHAR: the contributor
-- lines VARCHAR: the lines in the statement's order, keys sorted, with a comma between two
WITH written AS (
    SELECT
        contributor_id,
        line,
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
        ) AS json
    FROM statement_line
)

-- in order only once they are together: to keep each in order takes a buffer a contributor
SELECT
    contributor_id,
    array_to_string(
        list_transform(
            list_sort(list({'line': line, 'json': CAST(json AS VARCHAR)})),
            LAMBDA numbered: numbered.json
        ),
        ','
    ) AS lines
FROM written
GROUP BY contributor_id
