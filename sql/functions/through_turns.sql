-- Takes amounts through an account's turns: what is there is converted when the account goes over,
-- rounded half to even, and the turn's own amount is added (SPEC §6, Currency).
-- `turns` is a list of {amount_micros, from_rate_e10, to_rate_e10} in order; the rates of the first
-- don't count. `what` names the amount in the error of a product of more than 38 digits.
-- The linter knows no lambda of two parameters.
CREATE OR REPLACE MACRO through_turns(turns, what) AS
list_reduce( -- noqa: PRS
    turns,
    LAMBDA so_far, step: {
        'amount_micros':
            half_even(
                exact_product(so_far.amount_micros, step.to_rate_e10, what), step.from_rate_e10
            ) + step.amount_micros,
        'from_rate_e10': step.from_rate_e10,
        'to_rate_e10': step.to_rate_e10
    }
).amount_micros;
