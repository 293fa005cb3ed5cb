-- What a simulation comes to in a currency: sums in major units, who gains and who loses.
-- Grain: one row per currency with a pool of the period or anything owed for it, ordered by it.
--
-- currency VARCHAR: currency of the events
-- difference DECIMAL(38, 6): what contributors are owed more in the simulation
-- gained DECIMAL(38, 6): sum of the differences above 0
-- gaining BIGINT: contributors who have one
-- held_present DECIMAL(38, 6): what is held of the pools
-- held_simulated DECIMAL(38, 6): what would be
-- losing BIGINT: contributors with a difference below 0
-- lost DECIMAL(38, 6): sum of these differences, 0 or below
-- pools_present DECIMAL(38, 6): sum of the pools
-- pools_simulated DECIMAL(38, 6): what it would be
-- present DECIMAL(38, 6): what contributors are owed
-- simulated DECIMAL(38, 6): what they would be
-- unchanged BIGINT: contributors who are owed the same
WITH entry AS (
    SELECT
        currency,
        present_micros,
        simulated_micros,
        difference_micros,
        0 AS pool_present_micros,
        0 AS held_present_micros,
        0 AS pool_simulated_micros,
        0 AS held_simulated_micros
    FROM compared
    UNION ALL
    SELECT currency, 0, 0, NULL, pool_micros, held_micros, 0, 0 FROM present_pooled
    UNION ALL
    SELECT currency, 0, 0, NULL, 0, 0, pool_micros, held_micros FROM pooled
),

summed AS (
    SELECT
        currency,
        coalesce(sum(difference_micros), 0) AS difference,
        coalesce(sum(difference_micros) FILTER (WHERE difference_micros > 0), 0) AS gained,
        count(*) FILTER (WHERE difference_micros > 0) AS gaining,
        sum(held_present_micros) AS held_present,
        sum(held_simulated_micros) AS held_simulated,
        count(*) FILTER (WHERE difference_micros < 0) AS losing,
        coalesce(sum(difference_micros) FILTER (WHERE difference_micros < 0), 0) AS lost,
        sum(pool_present_micros) AS pools_present,
        sum(pool_simulated_micros) AS pools_simulated,
        sum(present_micros) AS present,
        sum(simulated_micros) AS simulated,
        count(*) FILTER (WHERE difference_micros = 0) AS unchanged
    FROM entry
    GROUP BY currency
)

SELECT
    currency,
    CAST(difference AS DECIMAL(38, 0)) * 0.000001 AS difference,
    CAST(gained AS DECIMAL(38, 0)) * 0.000001 AS gained,
    gaining,
    CAST(held_present AS DECIMAL(38, 0)) * 0.000001 AS held_present,
    CAST(held_simulated AS DECIMAL(38, 0)) * 0.000001 AS held_simulated,
    losing,
    CAST(lost AS DECIMAL(38, 0)) * 0.000001 AS lost,
    CAST(pools_present AS DECIMAL(38, 0)) * 0.000001 AS pools_present,
    CAST(pools_simulated AS DECIMAL(38, 0)) * 0.000001 AS pools_simulated,
    CAST(present AS DECIMAL(38, 0)) * 0.000001 AS present,
    CAST(simulated AS DECIMAL(38, 0)) * 0.000001 AS simulated,
    unchanged
FROM summed
ORDER BY currency
