-- What there is to say of a pool, as it stands at the last close: what it is a part of, who shares
-- it, and how it spreads over images.
-- An image's part is what its weight gives it of the pool, paid or held. There is none where images
-- share the pool by more than the weights of one manifest: where generations were attributed, or
-- the model version has base models. `manyhands earnings` says what an image earned there.
-- Grain: one row per pool.
--
-- period VARCHAR: period of the close that stored it
-- basis VARCHAR: `training` or `generation`
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the pool
-- revenue_micros DECIMAL(38, 0): the fee, or the revenue of the generations, of which the pool is a
--   part, by the events that the last close counted
-- amount_micros DECIMAL(38, 0): the pool, in micros, above 0
-- effective_rate_ppm BIGINT: the pool as a part of the revenue, in millionths, floored
-- allocated_micros DECIMAL(38, 0): what contributors get of it, in micros
-- held_micros DECIMAL(38, 0): the rest, which is held, in micros
-- contributors BIGINT: how many get a part of it
-- images BIGINT: images in the model version's manifest
-- image_p10_micros DECIMAL(38, 0): a tenth of the images get at most this, in micros
-- image_median_micros DECIMAL(38, 0): a half of the images get at most this, in micros
-- image_p90_micros DECIMAL(38, 0): nine tenths of the images get at most this, in micros
WITH last_close AS (
    SELECT max(log_seq) AS log_seq
    FROM period_close
),

attributed AS (
    SELECT DISTINCT seq
    FROM attribution
),

based AS (
    SELECT DISTINCT seq
    FROM base_model
),

-- what the close read, and not what came after it
counted AS (
    SELECT revenue_event.*
    FROM revenue_event
    INNER JOIN last_close ON revenue_event.seq <= last_close.log_seq
    WHERE revenue_event.reversal_seq IS NULL OR revenue_event.reversal_seq > last_close.log_seq
),

redeclared AS (
    SELECT seq
    FROM counted
    WHERE basis = 'training'
    QUALIFY row_number() OVER (
        PARTITION BY model_id, version ORDER BY occurred_at, source, id
    ) > 1
),

-- of several declarations of a model version the first counts
declared AS (
    SELECT counted.*
    FROM counted
    ANTI JOIN redeclared USING (seq)
),

revenue AS (
    SELECT
        declared.basis,
        declared.model_id,
        declared.version,
        declared.origin_period,
        declared.currency,
        sum(declared.revenue_micros) AS revenue_micros,
        bool_or(attributed.seq IS NOT NULL) AS is_attributed
    FROM declared
    LEFT JOIN attributed ON declared.seq = attributed.seq
    GROUP BY ALL
),

allocated AS (
    SELECT
        basis,
        reference,
        origin_period,
        currency,
        sum(amount_micros) AS amount_micros,
        count(*) AS contributors
    FROM standing_allocation
    GROUP BY ALL
),

trained AS (
    SELECT
        model_trained.model_id,
        model_trained.version,
        model_trained.manifest_sha256,
        model_trained.manifest_rows,
        based.seq IS NOT NULL AS has_base
    FROM declared
    INNER JOIN model_trained ON declared.seq = model_trained.seq
    LEFT JOIN based ON model_trained.seq = based.seq
),

weight AS (
    SELECT
        manifest_sha256,
        CAST(sum(weight_milli) AS HUGEINT) AS total,
        quantile_disc(weight_milli, [0.1, 0.5, 0.9]) AS quantiles
    FROM manifest_entry
    GROUP BY manifest_sha256
),

-- the part of an image follows its weight, so the quantiles of the weights are those of the parts
spread AS (
    SELECT
        trained.*,
        weight.total,
        CASE WHEN NOT trained.has_base THEN weight.quantiles END AS quantiles
    FROM trained
    LEFT JOIN weight ON trained.manifest_sha256 = weight.manifest_sha256
),

joined AS (
    SELECT
        standing_pool.*,
        revenue.revenue_micros,
        coalesce(allocated.amount_micros, 0) AS allocated_micros,
        coalesce(allocated.contributors, 0) AS contributors,
        spread.manifest_rows,
        spread.total,
        CASE WHEN NOT revenue.is_attributed THEN spread.quantiles END AS quantiles,
        CAST(standing_pool.amount_micros AS HUGEINT) AS amount
    FROM standing_pool
    LEFT JOIN revenue USING (basis, model_id, version, origin_period, currency)
    LEFT JOIN allocated USING (basis, reference, origin_period, currency)
    LEFT JOIN spread USING (model_id, version)
)

SELECT
    period,
    basis,
    model_id,
    version,
    reference,
    origin_period,
    currency,
    CAST(revenue_micros AS DECIMAL(38, 0)) AS revenue_micros,
    amount_micros,
    CAST(floor_abs(amount * 1000000, CAST(revenue_micros AS HUGEINT)) AS BIGINT)
        AS effective_rate_ppm,
    CAST(allocated_micros AS DECIMAL(38, 0)) AS allocated_micros,
    CAST(amount_micros - allocated_micros AS DECIMAL(38, 0)) AS held_micros,
    contributors,
    manifest_rows AS images,
    CAST(floor_abs(amount * quantiles[1], total) AS DECIMAL(38, 0)) AS image_p10_micros,
    CAST(floor_abs(amount * quantiles[2], total) AS DECIMAL(38, 0)) AS image_median_micros,
    CAST(floor_abs(amount * quantiles[3], total) AS DECIMAL(38, 0)) AS image_p90_micros
FROM joined
