-- Generations of one month, of all model versions, at prices that people know.
-- Grain: one row per generation from `$first` on, `$count` of them.
--
-- One of `$one_of` has attributions, none where that is 0: three images of its model version's
-- group, of different contributors. All that is random comes from `$seed` and the number.
WITH drawn AS (
    SELECT
        range AS number,
        CAST(hash(range, $seed, 1) % $models AS BIGINT) AS model,
        CAST(hash(range, $seed, 2) % 5000 AS BIGINT) AS customer,
        CAST(hash(range, $seed, 3) % 5 AS BIGINT) AS price,
        CAST(hash(range, $seed, 4) % $microseconds AS BIGINT) AS moment,
        CAST(hash(range, $seed, 5) % $images AS BIGINT) AS image,
        $one_of > 0 AND hash(range, $seed, 6) % greatest($one_of, 1) = 0 AS is_attributed
    FROM range($first, $first + $count)
),

attributed AS (
    SELECT
        *,
        image % ($images // $contributors) AS run,
        ['0.07', '0.49', '2.99', '9.9', '49'][price + 1] AS amount
    FROM drawn
),

placed AS (
    SELECT
        *,
        (model + $models * $step - $step * run % $models) % $models AS place
    FROM attributed
)

SELECT
    number,
    'g' || number AS id,
    'asset-generated' AS type,
    $starts_at + to_microseconds(moment) AS occurred_at,
    '{"action":"generated","asset_id":"a' || number || '","attributions":['
    || CASE
        WHEN is_attributed
            THEN
                array_to_string(
                    list_transform(
                        [0, 1, 2],
                        lambda next: '{"image_id":"i' || (
                            $contributors * run + place
                            + $models * ((image // 7 + next) % ($contributors // $models))
                        ) || '","share":"0.1"}'
                    ),
                    ','
                )
        ELSE ''
    END
    || '],"customer_id":"customer-' || customer || '","model_id":"m' || model
    || '","revenue":{"amount":"' || amount || '","currency":"USD"},"version":"1"}' AS data
FROM placed
