-- Takes amounts through an account's turns: what is there is converted when the account goes over,
-- rounded half to even, and the turn's own amount is added (SPEC §6, Currency).
-- `turns` is a list of {amount_micros, from_rate_e10, to_rate_e10} in order; the rates of the first
-- don't count. `what` names the amount in the error of a product of more than 38 digits.
-- The product stands in a list so that `half_even`, which names it often, expands it once.
-- The linter knows no lambda of two parameters.
CREATE OR REPLACE MACRO through_turns(turns, what) AS
list_reduce( -- noqa: PRS
    turns,
    LAMBDA so_far, step: {
        'amount_micros':
            list_transform(
                [exact_product(so_far.amount_micros, step.to_rate_e10, what)],
                LAMBDA product: half_even(product, step.from_rate_e10)
            )[1] + step.amount_micros,
        'from_rate_e10': step.from_rate_e10,
        'to_rate_e10': step.to_rate_e10
    }
).amount_micros;
