-- What is owed but not payable yet, with the reason, as it stands at the last close (SPEC §6,
-- Stored position). It is never given to somebody else.
-- Grain: one row per reason, basis, reference, contributor, origin period and currency.
--
-- period VARCHAR: period of the close that stored it
-- reason VARCHAR: why it is held
-- basis VARCHAR: `direct`, `training`, `generation`, `advance`, `carried` or `reserve`
-- reference VARCHAR: image, model version, advance or contributor
-- contributor_id VARCHAR: whose it is, where the reason names one; else null
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the amount
-- amount_micros DECIMAL(38, 0): what is held, in micros, never 0
WITH latest AS (
    SELECT *
    FROM held
    QUALIFY row_number() OVER (
        PARTITION BY reason, basis, reference, contributor_id, origin_period, currency
        ORDER BY period DESC
    ) = 1
)

SELECT
    period,
    reason,
    basis,
    reference,
    contributor_id,
    origin_period,
    currency,
    amount_micros
FROM latest
WHERE amount_micros != 0
