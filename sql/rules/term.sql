-- The value of one field of the terms, over the time that it applies (SPEC §5, Terms).
-- A narrow scope (a contributor, a model) that carries the field also gets the platform's values
-- from before its own, so that one look-up by scope and instant finds the answer.
-- Grain: one row per field, scope and span of time; spans of one field and scope don't overlap.
--
-- field VARCHAR: name of the field
-- scope_id VARCHAR: contributor or model whose terms they are; '' for the platform's
-- effective_from TIMESTAMP: first instant
-- effective_until TIMESTAMP: first instant after it, `infinity` where nothing follows
-- rate_ppm INTEGER: value of a share or a rate
-- periods INTEGER: value of `reserve_periods`
-- levels STRUCT("from" BIGINT, rate_ppm INTEGER)[]: value of `direct_levels`
-- amounts STRUCT(currency VARCHAR, amount_micros BIGINT)[]: value of a field by currency
-- seq BIGINT: position in the log of the event that agreed on it
WITH agreed AS (
    SELECT * FROM in_force.terms
),

carried AS (
    SELECT
        agreed.*, 'direct_levels' AS field, 'contributor' AS narrow_scope,
        NULL AS rate_ppm, NULL AS periods, direct_levels AS levels, NULL AS amounts
    FROM agreed WHERE direct_levels IS NOT NULL
    UNION ALL
    SELECT agreed.*, 'direct_floor', 'contributor', NULL, NULL, NULL, direct_floor
    FROM agreed WHERE direct_floor IS NOT NULL
    UNION ALL
    SELECT agreed.*, 'payment_threshold', 'contributor', NULL, NULL, NULL, payment_threshold
    FROM agreed WHERE payment_threshold IS NOT NULL
    UNION ALL
    SELECT agreed.*, 'reserve_rate', 'contributor', reserve_rate_ppm, NULL, NULL, NULL
    FROM agreed WHERE reserve_rate_ppm IS NOT NULL
    UNION ALL
    SELECT agreed.*, 'reserve_periods', 'contributor', NULL, reserve_periods, NULL, NULL
    FROM agreed WHERE reserve_periods IS NOT NULL
    UNION ALL
    SELECT agreed.*, 'training_share', 'model', training_share_ppm, NULL, NULL, NULL
    FROM agreed WHERE training_share_ppm IS NOT NULL
    UNION ALL
    SELECT agreed.*, 'generation_share', 'model', generation_share_ppm, NULL, NULL, NULL
    FROM agreed WHERE generation_share_ppm IS NOT NULL
),

own AS (
    SELECT
        field, coalesce(scope_id, '') AS scope_id, effective_from,
        rate_ppm, periods, levels, amounts, seq
    FROM carried
    WHERE scope_kind IN ('platform', narrow_scope)
    QUALIFY row_number() OVER (
        PARTITION BY field, scope_kind, scope_id, effective_from
        ORDER BY terms_id DESC, source DESC, id DESC
    ) = 1
),

narrow AS (
    SELECT field, scope_id, min(effective_from) AS first_from
    FROM own
    WHERE scope_id != ''
    GROUP BY field, scope_id
),

resolved AS (
    SELECT * FROM own
    UNION ALL
    SELECT
        own.field, narrow.scope_id, own.effective_from,
        own.rate_ppm, own.periods, own.levels, own.amounts, own.seq
    FROM own
    INNER JOIN narrow ON own.field = narrow.field AND own.effective_from < narrow.first_from
    WHERE own.scope_id = ''
)

SELECT
    field,
    scope_id,
    effective_from,
    coalesce(
        lead(effective_from) OVER (PARTITION BY field, scope_id ORDER BY effective_from),
        TIMESTAMP 'infinity'
    ) AS effective_until,
    rate_ppm,
    periods,
    levels,
    amounts,
    seq
FROM resolved
