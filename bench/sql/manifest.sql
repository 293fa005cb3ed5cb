-- The manifest of one model version: half of all images, those of its group and of the next ones.
-- Grain: one row per image of the manifest.
SELECT
    'i' || range AS image_id,
    CAST(range % 3 + 1 AS VARCHAR) AS weight
FROM range($images)
WHERE
    ((range + $step * (range // $contributors)) - $model + $models) % $models
    < greatest($models // 2, 1)
