-- What the generations of a model version brought at one share (SPEC §5.2).
-- Grain: one row per model version, origin period and currency whose pool the close computes, and
--   share.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: period of the generations
-- currency VARCHAR: currency of the revenue
-- share_ppm INTEGER: `generation_share` in force, in ppm; null where there is none
-- known BOOLEAN: whether the model version was declared
-- revenue_micros HUGEINT: the revenue, in micros
SELECT
    model_id,
    version,
    reference,
    origin_period,
    currency,
    share_ppm,
    known,
    sum(revenue_micros) AS revenue_micros
FROM generation
GROUP BY model_id, version, reference, origin_period, currency, share_ppm, known
