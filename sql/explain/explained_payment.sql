-- A payment that the line's pool is made of, with the share of it that contributors get
-- (SPEC §5.2).
-- Grain: one row per generation, or the one training, of the pool.
--
-- seq BIGINT: position of the event in the log
-- paid_micros BIGINT: the revenue, or the training fee, in micros
-- share_ppm INTEGER: the share in force, in ppm
-- share_seq BIGINT: position in the log of the event that agreed on the share
WITH payment AS (
    SELECT
        'generation' AS basis, reference, origin_period, currency,
        seq, revenue_micros AS paid_micros, share_ppm, share_seq
    FROM generation
    WHERE known
    UNION ALL
    SELECT
        'training' AS basis, reference, origin_period, currency,
        seq, training_fee_micros, share_ppm, share_seq
    FROM training
)

SELECT
    payment.seq,
    payment.paid_micros,
    payment.share_ppm,
    payment.share_seq
FROM payment
INNER JOIN explain_input AS asked
    ON
        payment.basis = asked.basis
        AND payment.reference = asked.reference
        AND payment.origin_period = asked.origin_period
        AND payment.currency = asked.currency
WHERE payment.share_ppm IS NOT NULL
