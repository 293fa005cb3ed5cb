-- Every currency is known, and what is paid is whole minor units of it.
-- Grain: one row per relation and key that is in no known currency, or in parts of a minor unit.
--
-- relation VARCHAR: where it stands
-- reference VARCHAR: which row
-- currency VARCHAR: its currency
-- payable_micros DECIMAL(38,0): of a statement
-- withholding_micros DECIMAL(38,0): of a statement
WITH used AS (
    SELECT
        'pool' AS relation,
        min(reference) AS reference,
        currency
    FROM standing_pool
    GROUP BY currency
    UNION ALL
    SELECT
        'allocation',
        min(reference),
        currency
    FROM computed_allocation
    GROUP BY currency
    UNION ALL
    SELECT
        'held',
        min(reference),
        currency
    FROM standing_held
    GROUP BY currency
    UNION ALL
    SELECT
        'statement_line',
        min(reference),
        currency
    FROM statement_line
    GROUP BY currency
    UNION ALL
    SELECT
        'statement',
        min(statement_id),
        currency
    FROM statement
    GROUP BY currency
)

SELECT
    used.relation,
    used.reference,
    used.currency,
    CAST(NULL AS DECIMAL(38, 0)) AS payable_micros,
    CAST(NULL AS DECIMAL(38, 0)) AS withholding_micros
FROM used
LEFT JOIN currency ON used.currency = currency.currency
WHERE currency.minor_micros IS NULL

UNION ALL

SELECT
    'statement',
    statement.statement_id,
    statement.currency,
    statement.payable_micros,
    statement.withholding_micros
FROM statement
INNER JOIN currency ON statement.currency = currency.currency
WHERE
    statement.payable_micros % currency.minor_micros != 0
    OR statement.withholding_micros % currency.minor_micros != 0
