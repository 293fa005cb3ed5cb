-- Training licences of images to one developer, without a fee.
-- Grain: one row per image from `$first` on, `$count` of them.
--
-- An image's group is the first model version that has it: of `$models` groups, shifted by `$step`
-- from one run through all `$contributors` to the next. `$one_model` lets a licence hold at the
-- hour alone in which the model version of its group is trained.
WITH image AS (
    SELECT
        range AS number,
        range % $contributors AS contributor,
        (range + $step * (range // $contributors)) % $models AS model
    FROM range($first, $first + $count)
),

valid AS (
    SELECT
        *,
        CASE WHEN $one_model THEN $starts_at + to_hours(model) ELSE $starts_at END AS valid_from,
        CASE WHEN $one_model THEN $starts_at + to_hours(model + 1) END AS valid_until
    FROM image
)

SELECT
    number,
    'l' || number AS id,
    'image-licensed' AS type,
    $starts_at AS occurred_at,
    '{"contributors":[{"contributor_id":"c' || contributor || '","share":"1"}]'
    || ',"digital_source_type":"digitalCapture","fee":{"amount":"0","currency":"USD"}'
    || ',"image_id":"i' || number || '","licence_id":"L' || number
    || '","licensee_id":"lab","use":"training","valid_from":"'
    || strftime(valid_from, '%Y-%m-%dT%H:%M:%S.%fZ')
    || coalesce('","valid_until":"' || strftime(valid_until, '%Y-%m-%dT%H:%M:%S.%fZ'), '')
    || '"}' AS data
FROM valid
