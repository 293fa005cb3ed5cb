-- The line that is explained, with the event that published its rates (SPEC §6, FX).
-- Grain: one row; none where no line has the key.
--
-- fx_seq BIGINT: position in the log of that event; null where nothing was converted
SELECT fx.seq AS fx_seq
FROM statement_line AS line
INNER JOIN explain_input AS asked
    ON
        line.contributor_id = asked.contributor_id
        AND line.basis = asked.basis
        AND line.reference = asked.reference
        AND line.origin_period = asked.origin_period
        AND line.currency = asked.currency
INNER JOIN account ON line.contributor_id = account.contributor_id
LEFT JOIN fx
    ON
        line.fx_base IS NOT NULL
        AND line.currency = fx.from_currency
        AND account.currency = fx.to_currency
