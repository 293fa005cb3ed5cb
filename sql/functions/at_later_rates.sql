-- Returns what an earlier statement says in the currency that the account has now: converted at
-- the rates of each change since, one after the other (SPEC §6, Currency).
-- `onward` is that of the statement's `turn`: null where there was no change since.
CREATE OR REPLACE MACRO at_later_rates(amount, onward, what) AS
CASE
    WHEN onward IS NULL THEN exact_integer(amount)
    ELSE
        through_turns(
            list_prepend(
                {
                    'amount_micros': exact_integer(amount),
                    'from_rate_e10': CAST(1 AS BIGINT),
                    'to_rate_e10': CAST(1 AS BIGINT)
                },
                onward
            ),
            what
        )
END;
