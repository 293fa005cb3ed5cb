-- An advance that counts, with the turn of the account that it belongs to: the first in its
-- currency that the account had not left by then (SPEC §6, Currency).
-- Grain: one row per advance in force before the end of the period that isn't declared again.
--
-- seq BIGINT: position of the event in the log
-- advance_id VARCHAR: the advance
-- contributor_id VARCHAR: who got it
-- origin_period VARCHAR: period it was paid in
-- currency VARCHAR: currency it was paid in
-- amount_micros BIGINT: the advance, in micros
-- turn BIGINT: the turn; null where it belongs to none
SELECT
    advance.seq,
    advance.advance_id,
    advance.contributor_id,
    advance.origin_period,
    advance.currency,
    advance.amount_micros,
    min(turn.turn) AS turn
FROM advance_in_force AS advance
LEFT JOIN turn
    ON
        advance.contributor_id = turn.contributor_id
        AND advance.currency = turn.currency
        AND advance.occurred_at < turn.left_at
WHERE NOT advance.redeclared
GROUP BY ALL
