-- A royalty line of the contributor's statement for the period, with the payments that it comes
-- from: what the bridge between two statements replaces one after the other.
-- Grain: one row per royalty line that payments are found of.
--
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image of a direct line, model version of a pool's
-- currency VARCHAR: currency of the payments
-- payments BIGINT: how many paid something; of direct licences, how many licences
-- paid HUGEINT: sum of fee or revenue, of a licence's fee the contributor's share, in 10^-12
-- shared HUGEINT: what contributors get of it, of direct licences the royalty, in 10^-12
-- pool_micros DECIMAL(38, 0): the pool as the close stored it, in micros; null for direct licences
WITH line AS (
    SELECT
        line.basis,
        line.reference,
        line.origin_period,
        line.currency
    FROM stored.statement_line AS line
    INNER JOIN explain_input AS asked ON line.contributor_id = asked.contributor_id
    INNER JOIN close_input ON line.period = close_input.period
    WHERE line.kind = 'royalty'
),

payment AS (
    SELECT
        'direct' AS basis,
        share.image_id AS reference,
        share.origin_period,
        share.currency,
        TRUE AS is_counted,
        CAST(share.fee_micros AS HUGEINT) * share.share_ppm AS paid,
        share.amount_micros * 1000000 AS shared
    FROM direct_share AS share
    INNER JOIN explain_input AS asked ON share.contributor_id = asked.contributor_id
    WHERE NOT share.no_terms
    UNION ALL
    SELECT
        'training' AS basis,
        reference,
        origin_period,
        currency,
        training_fee_micros > 0 AS is_counted,
        CAST(training_fee_micros AS HUGEINT) * 1000000 AS paid,
        CAST(training_fee_micros AS HUGEINT) * share_ppm AS shared
    FROM training
    WHERE share_ppm IS NOT NULL
    UNION ALL
    SELECT
        'generation' AS basis,
        reference,
        origin_period,
        currency,
        revenue_micros > 0 AS is_counted,
        CAST(revenue_micros AS HUGEINT) * 1000000 AS paid,
        CAST(revenue_micros AS HUGEINT) * share_ppm AS shared
    FROM generation
    WHERE share_ppm IS NOT NULL AND known
)

SELECT
    line.basis,
    line.reference,
    line.currency,
    count(*) FILTER (WHERE payment.is_counted) AS payments,
    sum(payment.paid) AS paid,
    sum(payment.shared) AS shared,
    any_value(pool.amount_micros) AS pool_micros
FROM line
INNER JOIN payment
    ON
        line.basis = payment.basis
        AND line.reference = payment.reference
        AND line.origin_period = payment.origin_period
        AND line.currency = payment.currency
LEFT JOIN stored.pool AS pool
    ON
        line.basis = pool.basis
        AND line.reference = pool.reference
        AND line.origin_period = pool.origin_period
        AND line.currency = pool.currency
        AND line.origin_period = pool.period
GROUP BY line.basis, line.reference, line.origin_period, line.currency
