-- A contributor's latest registration before the end of the period (SPEC §6, Currency).
-- Grain: one row per contributor registered by then.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency that the contributor wants
-- withholding_rate_ppm INTEGER: rate of the tax withheld, in ppm
-- seq BIGINT: position of the event in the log
SELECT
    contributor.contributor_id,
    contributor.currency,
    contributor.withholding_rate_ppm,
    contributor.seq
FROM in_force.contributor AS contributor
CROSS JOIN close_input
WHERE contributor.occurred_at < close_input.ends_at
QUALIFY row_number() OVER (
    PARTITION BY contributor.contributor_id
    ORDER BY contributor.occurred_at DESC, contributor.source DESC, contributor.id DESC
) = 1
