-- What a contributor's last statement carried, however old, is opened now, at the rate stated where
-- the account goes over to another currency; of somebody no longer registered it is held.
-- Grain: one row per contributor of whom something carried was lost or made up.
--
-- contributor_id VARCHAR: the contributor
-- carried_micros DECIMAL(38,0): what the last statement carried; null where there was none
-- converted_opening_micros DECIMAL(38,0): the same as this close's statement converts it
-- opening_micros DECIMAL(38,0): what this close's statement opens with
-- held_micros DECIMAL(38,0): what is held of somebody no longer registered
WITH last_period AS (
    SELECT
        contributor_id,
        max(period) AS period
    FROM earlier.statement
    GROUP BY contributor_id
),

last_statement AS (
    SELECT
        contributor_id,
        statement.sealed
    FROM earlier.statement AS statement
    INNER JOIN last_period USING (contributor_id, period)
),

-- what was issued is what was sealed, whatever its columns say by now
carried AS (
    SELECT
        contributor_id,
        CAST(
            replace(TRY(json_extract_string(decode(sealed), '$.carried')), '.', '')
            AS DECIMAL(38, 0)
        ) AS carried_micros
    FROM last_statement
),

left_open AS (
    SELECT
        contributor_id,
        sum(amount_micros) AS held_micros
    FROM standing_held
    WHERE reason = 'contributor_not_registered' AND basis = 'carried'
    GROUP BY contributor_id
),

account AS (
    SELECT
        contributor_id,
        coalesce(carried.carried_micros, 0) AS carried_micros,
        statement.converted_from,
        statement.converted_from_rate,
        statement.converted_to_rate,
        statement.converted_opening_micros,
        statement.opening_micros,
        left_open.held_micros,
        registered.contributor_id IS NOT NULL AS is_registered
    FROM carried
    FULL JOIN statement USING (contributor_id)
    FULL JOIN left_open USING (contributor_id)
    LEFT JOIN registered USING (contributor_id)
),

multiplied AS (
    SELECT
        *,
        rate_e10(converted_from_rate) AS from_rate_e10,
        exact_product(
            carried_micros, rate_e10(converted_to_rate), 'opening of ' || contributor_id
        ) AS product
    FROM account
)

SELECT
    contributor_id,
    carried_micros,
    converted_opening_micros,
    opening_micros,
    held_micros
FROM multiplied
WHERE
    coalesce(held_micros, 0) != CASE WHEN is_registered THEN 0 ELSE carried_micros END
    OR opening_micros != CASE
        WHEN converted_from IS NULL THEN carried_micros
        ELSE half_even(product, from_rate_e10)
    END
    OR (converted_from IS NOT NULL AND converted_opening_micros IS DISTINCT FROM carried_micros)
