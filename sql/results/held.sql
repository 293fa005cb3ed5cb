-- What is owed but not payable yet, with the reason, where a close found it new or changed (SPEC
-- §6, Stored position). It is never given to somebody else. What stands is `standing_held`.
-- Grain: one row per close, and per reason, basis, reference, contributor, origin period and
-- currency that it found new or changed.
--
-- period VARCHAR: period of the close
-- reason VARCHAR: why it is held
-- basis VARCHAR: `direct`, `training`, `generation`, `advance`, `carried` or `reserve`
-- reference VARCHAR: image, model version, advance or contributor
-- contributor_id VARCHAR: whose it is, where the reason names one; else null
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the amount
-- amount_micros DECIMAL(38, 0): what is held, in micros; 0 where it is gone
WITH entry AS (
    SELECT *, amount_micros AS held_micros FROM standing_held
    UNION ALL
    SELECT * REPLACE (-amount_micros AS amount_micros), 0 AS held_micros FROM last_held
)

SELECT
    close_input.period,
    entry.reason,
    entry.basis,
    entry.reference,
    entry.contributor_id,
    entry.origin_period,
    entry.currency,
    CAST(sum(entry.held_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM entry
CROSS JOIN close_input
GROUP BY
    close_input.period,
    entry.reason,
    entry.basis,
    entry.reference,
    entry.contributor_id,
    entry.origin_period,
    entry.currency
HAVING sum(entry.amount_micros) != 0
