-- What a close computes where one line alone is explained: it stands in the place of `touched`.
-- Grain: one row.
--
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image of what is direct, model version of a pool
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the events
SELECT basis, reference, origin_period, currency
FROM explain_input
