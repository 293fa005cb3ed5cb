-- A model version that is declared otherwise than at the close before.
-- Grain: one row per model version that an event names which is news.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
SELECT DISTINCT
    model_id,
    version
FROM stored.model_trained
WHERE is_news(seq)
