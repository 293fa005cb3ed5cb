-- What a contributor is entitled to is stated, by now or before, or held, of what the close
-- computes; and what the close before held for want of a registration or a rate is stated or held.
-- Grain: one row per key of an entitlement that isn't.
--
-- contributor_id VARCHAR: who is entitled
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: what for
-- origin_period VARCHAR: period that it is of
-- currency VARCHAR: of the amounts
-- unaccounted_micros DECIMAL(38,0): entitlement less stated less held
WITH stated_line AS (
    SELECT line.*
    FROM earlier.statement_line AS line
    CROSS JOIN close_input
    WHERE close_input.known_seq = 0
    UNION ALL
    SELECT line.*
    FROM earlier.statement_line AS line
    INNER JOIN touched USING (basis, reference, origin_period, currency)
    CROSS JOIN close_input
    WHERE touched.origin_period < close_input.period
),

entry AS (
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        amount_micros
    FROM entitlement
    WHERE origin_period <= (SELECT close_input.period FROM close_input)
    UNION ALL
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        delta_micros
    FROM open_change
    UNION ALL
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        -delta_micros
    FROM statement_line
    UNION ALL
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        -delta_micros
    FROM stated_line
    UNION ALL
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        -amount_micros
    FROM standing_held
    WHERE
        reason = 'no_fx_rate'
        OR (
            reason = 'contributor_not_registered'
            AND basis IN ('direct', 'training', 'generation')
        )
)

SELECT
    contributor_id,
    basis,
    reference,
    origin_period,
    currency,
    sum(amount_micros) AS unaccounted_micros
FROM entry
GROUP BY contributor_id, basis, reference, origin_period, currency
HAVING sum(amount_micros) != 0
