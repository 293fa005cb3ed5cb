-- A turn of an account: a run of its statements in one currency, that of the period closed, issued
-- or not, included (SPEC §6, Currency).
-- Grain: one row per contributor with a statement or a registration, and turn.
--
-- contributor_id VARCHAR: the contributor
-- turn BIGINT: its number, from 1
-- currency VARCHAR: currency of its statements
-- first_period VARCHAR: period of the statement that begins it
-- next_period VARCHAR: period of the statement that begins the next; null for the last turn
-- left_at TIMESTAMP: end of that period, when the account had left it; `infinity` for the last turn
-- from_rate_e10 BIGINT: rate of the currency before, in 10^-10, at which the account came over;
--   1 for the first turn
-- to_rate_e10 BIGINT: rate of this turn's currency, in 10^-10; 1 for the first turn
-- onward STRUCT(amount_micros HUGEINT, from_rate_e10 BIGINT, to_rate_e10 BIGINT)[]: the turns after
--   it in order, as `through_turns` takes them; null for the last turn
WITH stated AS (
    SELECT
        statement.contributor_id,
        statement.period,
        statement.currency,
        period_close.ends_at,
        statement.converted_from_rate,
        statement.converted_to_rate
    FROM earlier.statement AS statement
    INNER JOIN earlier.period_close AS period_close ON statement.period = period_close.period
    QUALIFY
        statement.converted_from IS NOT NULL
        OR row_number() OVER (
            PARTITION BY statement.contributor_id ORDER BY statement.period
        ) = 1
),

begun AS (
    SELECT * FROM stated
    UNION ALL
    SELECT
        registered.contributor_id,
        close_input.period,
        registered.currency,
        close_input.ends_at,
        registered.converted_from_rate,
        registered.converted_to_rate
    FROM registered
    CROSS JOIN close_input
    LEFT JOIN last_statement ON registered.contributor_id = last_statement.contributor_id
    WHERE last_statement.contributor_id IS NULL OR registered.converted_from IS NOT NULL
),

rated AS (
    SELECT
        *,
        coalesce(rate_e10(converted_from_rate), 1) AS from_rate_e10,
        coalesce(rate_e10(converted_to_rate), 1) AS to_rate_e10
    FROM begun
)

SELECT
    contributor_id,
    row_number() OVER account AS turn,
    currency,
    period AS first_period,
    lead(period) OVER account AS next_period,
    coalesce(lead(ends_at) OVER account, TIMESTAMP 'infinity') AS left_at,
    from_rate_e10,
    to_rate_e10,
    list(
        {
            'amount_micros': CAST(0 AS HUGEINT),
            'from_rate_e10': from_rate_e10,
            'to_rate_e10': to_rate_e10
        }
    ) OVER (
        PARTITION BY contributor_id ORDER BY period
        ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS onward
FROM rated
WINDOW account AS (PARTITION BY contributor_id ORDER BY period)
