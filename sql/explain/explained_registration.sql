-- The contributor's registration that holds at the staged close (SPEC §6, Currency).
-- Grain: one row; none where the contributor wasn't registered by then.
--
-- currency VARCHAR: currency that the contributor wants
-- withholding_rate_ppm INTEGER: rate of the tax withheld, in ppm
-- seq BIGINT: position of the event in the log
SELECT
    registration.currency,
    registration.withholding_rate_ppm,
    registration.seq
FROM registration
INNER JOIN explain_input AS asked ON registration.contributor_id = asked.contributor_id
