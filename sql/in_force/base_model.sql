-- A base of a model version that counts (SPEC §5, Reversal).
-- Grain: one row per `model-trained` event in force and base model.
--
-- seq BIGINT: position of the event in the log
-- base_model_id VARCHAR: the base model
-- base_version VARCHAR: its version
-- share_ppm INTEGER: the base model's share, in millionths
SELECT
    seq,
    base_model_id,
    base_version,
    share_ppm
FROM stored.base_model
WHERE counts(seq)
