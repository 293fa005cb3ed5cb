-- A licence that the close reads where it doesn't compute everything: sold in a calendar year of
-- which it computes something direct, or for training on an image of `wanted_image`.
-- Grain: one row per `licence_id`.
--
-- licence_id VARCHAR: the licence
WITH computed_year AS (
    SELECT DISTINCT date_trunc('year', period_month.first_on) AS year_at
    FROM touched
    INNER JOIN period_month ON touched.origin_period = period_month.period
    WHERE touched.basis = 'direct'
)

SELECT licensed.licence_id
FROM stored.image_licensed AS licensed
INNER JOIN computed_year ON date_trunc('year', licensed.occurred_at) = computed_year.year_at
WHERE licensed.occurred_at >= (SELECT min(first_year.year_at) FROM computed_year AS first_year)
UNION
SELECT licensed.licence_id
FROM stored.image_licensed AS licensed
INNER JOIN wanted_image AS image
    ON licensed.image_id = image.image_id AND licensed.licensee_id = image.developer_id
WHERE licensed.use = 'training'
