-- What the images earned a contributor is what the contributor is entitled to, and what statements
-- up to the last close state of it or that close held.
-- Grain: one row per key of which these differ.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image of a direct royalty, model version of a pool's
-- currency VARCHAR: of the amounts
-- earned_micros DECIMAL(38, 0): what the images earned
-- entitled_micros DECIMAL(38, 0): the entitlement
-- stated_micros DECIMAL(38, 0): what statements state, and what is held
WITH last_held AS (
    SELECT held.*
    FROM stored.held AS held
    CROSS JOIN close_input
    WHERE held.period <= close_input.period
    QUALIFY row_number() OVER (
        PARTITION BY
            held.reason, held.basis, held.reference, held.contributor_id, held.origin_period,
            held.currency
        ORDER BY held.period DESC
    ) = 1
),

stated AS (
    SELECT
        line.contributor_id,
        line.basis,
        line.reference,
        line.origin_period,
        line.currency,
        line.delta_micros AS amount_micros
    FROM stored.statement_line AS line
    CROSS JOIN close_input
    WHERE line.period <= close_input.period
    UNION ALL
    SELECT contributor_id, basis, reference, origin_period, currency, amount_micros
    FROM last_held
    WHERE
        reason IN ('contributor_not_registered', 'no_fx_rate')
        AND basis IN ('direct', 'training', 'generation')
),

asked AS (
    SELECT
        entry.contributor_id,
        entry.basis,
        entry.reference,
        entry.currency,
        entry.amount_micros,
        'entitled' AS kind
    FROM entitlement AS entry
    CROSS JOIN earnings_input
    WHERE
        entry.origin_period = earnings_input.period
        AND entry.contributor_id = coalesce(earnings_input.contributor_id, entry.contributor_id)
    UNION ALL
    SELECT
        entry.contributor_id,
        entry.basis,
        entry.reference,
        entry.currency,
        entry.amount_micros,
        'stated'
    FROM stated AS entry
    CROSS JOIN earnings_input
    WHERE
        entry.origin_period = earnings_input.period
        AND entry.contributor_id = coalesce(earnings_input.contributor_id, entry.contributor_id)
    UNION ALL
    SELECT contributor_id, basis, reference, currency, amount_micros, 'earned'
    FROM earning
),

summed AS (
    SELECT
        contributor_id,
        basis,
        reference,
        currency,
        coalesce(sum(amount_micros) FILTER (WHERE kind = 'earned'), 0) AS earned_micros,
        coalesce(sum(amount_micros) FILTER (WHERE kind = 'entitled'), 0) AS entitled_micros,
        coalesce(sum(amount_micros) FILTER (WHERE kind = 'stated'), 0) AS stated_micros
    FROM asked
    GROUP BY contributor_id, basis, reference, currency
)

SELECT
    contributor_id,
    basis,
    reference,
    currency,
    CAST(earned_micros AS DECIMAL(38, 0)) AS earned_micros,
    CAST(entitled_micros AS DECIMAL(38, 0)) AS entitled_micros,
    CAST(stated_micros AS DECIMAL(38, 0)) AS stated_micros
FROM summed
WHERE earned_micros != entitled_micros OR earned_micros != stated_micros
