-- Contributors, all paid in dollars.
-- Grain: one row per contributor from `$first` on, `$count` of them.
SELECT
    range AS number,
    'r' || range AS id,
    'contributor-registered' AS type,
    $starts_at AS occurred_at,
    '{"contributor_id":"c' || range
    || '","country":"US","currency":"USD","withholding_rate":"0.1"}' AS data
FROM range($first, $first + $count)
