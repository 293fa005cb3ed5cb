-- An advance of the contributor's that belongs to a turn of the account (SPEC §6, Currency).
-- Grain: one row per advance.
--
-- seq BIGINT: position of the event in the log
-- advance_id VARCHAR: the advance
-- currency VARCHAR: currency it was paid in
-- amount_micros BIGINT: the advance, in micros
SELECT
    advance.seq,
    advance.advance_id,
    advance.currency,
    advance.amount_micros
FROM advance_turn AS advance
INNER JOIN explain_input AS asked ON advance.contributor_id = asked.contributor_id
WHERE advance.turn IS NOT NULL
