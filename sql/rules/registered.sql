-- A contributor who can be paid: registered before the end of the period (SPEC §6, Currency).
-- Grain: one row per contributor.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the statement: the last statement's, else the earliest
--   registration's
-- withholding_rate_ppm INTEGER: rate of the latest registration, in ppm
WITH registration AS (
    SELECT
        contributor.contributor_id,
        contributor.currency,
        contributor.withholding_rate_ppm,
        {
            'occurred_at': contributor.occurred_at,
            'source': contributor.source,
            'id': contributor.id
        } AS place
    FROM warehouse.contributor AS contributor
    CROSS JOIN close_input
    WHERE in_force(contributor.seq) AND contributor.occurred_at < close_input.ends_at
),

standing AS (
    SELECT
        contributor_id,
        arg_min(currency, place) AS currency,
        arg_max(withholding_rate_ppm, place) AS withholding_rate_ppm
    FROM registration
    GROUP BY contributor_id
)

SELECT
    standing.contributor_id,
    coalesce(previous.currency, standing.currency) AS currency,
    standing.withholding_rate_ppm
FROM standing
LEFT JOIN previous ON standing.contributor_id = previous.contributor_id
