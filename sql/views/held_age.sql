-- What stands held, by reason and by how old it is at the last close.
-- Grain: one row per reason, currency and age.
--
-- reason VARCHAR: why it is held
-- currency VARCHAR: currency of the amount
-- age_periods BIGINT: periods from the origin period to the last close's; 0 for that period's own
-- parts BIGINT: rows of `standing_held`
-- amount_micros DECIMAL(38, 0): their sum, in micros
WITH last_close AS (
    SELECT max(period) AS last_period
    FROM period_close
),

-- the number of a period, counted from the year 0: one more is the next period
numbered AS (
    SELECT
        standing_held.*,
        list_transform(
            [standing_held.origin_period, last_close.last_period],
            LAMBDA period: CAST(left(period, 4) AS BIGINT) * CASE setting.cadence
                WHEN 'month' THEN 12
                WHEN 'quarter' THEN 4
                WHEN 'half' THEN 2
                ELSE 1
            END + CASE setting.cadence
                WHEN 'year' THEN 0
                ELSE CAST(ltrim(substr(period, 6), 'QH') AS BIGINT)
            END
        ) AS numbers
    FROM standing_held
    CROSS JOIN last_close
    CROSS JOIN setting
)

SELECT
    reason,
    currency,
    numbers[2] - numbers[1] AS age_periods,
    count(*) AS parts,
    CAST(sum(amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM numbered
GROUP BY reason, currency, age_periods
