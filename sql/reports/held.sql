-- What is held at a close, and why (SPEC §6): the whole position, not its change.
-- Grain: one row per key, in the order of the rows' JSON; nothing that comes to 0.
--
-- amount DECIMAL(38, 6): what is held
-- basis VARCHAR: `direct`, `training`, `generation`, `advance`, `carried` or `reserve`
-- contributor_id VARCHAR: whose it is, where the reason names one; else null
-- currency VARCHAR: currency of the amount
-- origin_period VARCHAR: period that the events occurred in
-- reason VARCHAR: why it is held
-- reference VARCHAR: image, model version, advance or contributor
WITH latest AS (
    SELECT *
    FROM warehouse.held
    WHERE period <= (SELECT asked.period FROM asked)
    QUALIFY row_number() OVER (
        PARTITION BY reason, basis, reference, contributor_id, origin_period, currency
        ORDER BY period DESC
    ) = 1
)

SELECT
    amount_micros * 0.000001 AS amount,
    basis,
    contributor_id,
    currency,
    origin_period,
    reason,
    reference
FROM latest
WHERE amount_micros != 0
ORDER BY
    CAST(amount AS VARCHAR), basis, contributor_id NULLS LAST,
    currency, origin_period, reason, reference
