-- The rates that the close has for the line that is explained, and their event (SPEC §6, FX).
-- Grain: one row; none where the line is in its statement's currency, or no rates exist.
--
-- fx_base VARCHAR: base of the rates
-- fx_on DATE: date of the rates
-- fx_from_rate VARCHAR: rate of the line's currency, in canonical form
-- fx_to_rate VARCHAR: rate of the statement's currency, in canonical form
-- fx_seq BIGINT: position in the log of that event
SELECT
    fx.base AS fx_base,
    fx.rate_on AS fx_on,
    fx.from_rate AS fx_from_rate,
    fx.to_rate AS fx_to_rate,
    fx.seq AS fx_seq
FROM fx
INNER JOIN explain_input AS asked ON fx.from_currency = asked.currency
CROSS JOIN close_input
INNER JOIN stored.statement AS statement
    ON
        close_input.period = statement.period
        AND asked.contributor_id = statement.contributor_id
        AND fx.to_currency = statement.currency
