-- What the pools of a model version with the image in its manifest come to, and how far it reaches
-- the images (SPEC §5.2).
-- Grain: one row per training that counts and has the image, basis and currency of its own pools.
--
-- seq BIGINT: position in the log of the training's event
-- basis VARCHAR: `training` or `generation`
-- currency VARCHAR: currency of the pools
-- amount_micros DECIMAL(38, 0): the pools, in micros
-- rest_micros DECIMAL(38, 0): what attributed images leave of them for manifests, in micros
-- own_micros DECIMAL(38, 0): what of that comes to the version's own manifest, in micros
WITH own AS (
    SELECT
        basis,
        reference,
        origin_period,
        currency,
        sum(amount_micros) AS amount_micros
    FROM lineage_part
    WHERE part_model_id || '@' || part_version = reference
    GROUP BY basis, reference, origin_period, currency
)

SELECT
    trained.seq,
    pool.basis,
    pool.currency,
    CAST(sum(pool.amount_micros) AS DECIMAL(38, 0)) AS amount_micros,
    CAST(sum(coalesce(rest.amount_micros, 0)) AS DECIMAL(38, 0)) AS rest_micros,
    CAST(sum(coalesce(own.amount_micros, 0)) AS DECIMAL(38, 0)) AS own_micros
FROM explained_use AS trained
INNER JOIN standing_pool AS pool
    ON trained.model_id = pool.model_id AND trained.version = pool.version
LEFT JOIN pool_rest AS rest
    ON
        pool.basis = rest.basis
        AND pool.reference = rest.reference
        AND pool.origin_period = rest.origin_period
        AND pool.currency = rest.currency
LEFT JOIN own
    ON
        pool.basis = own.basis
        AND pool.reference = own.reference
        AND pool.origin_period = own.origin_period
        AND pool.currency = own.currency
WHERE trained.standing IN ('in_force', 'not_closed')
GROUP BY trained.seq, pool.basis, pool.currency
