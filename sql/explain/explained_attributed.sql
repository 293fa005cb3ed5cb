-- What generations attribute to the image and is held (SPEC §5.2, Attribution).
-- Grain: one row per reason, model version and currency.
--
-- reason VARCHAR: `image_not_in_manifest` or `unlicensed_image`
-- reference VARCHAR: the model version of the generations, `model_id@version`
-- currency VARCHAR: currency of the amount
-- amount_micros DECIMAL(38, 0): what is held, in micros
SELECT
    part.reason,
    part.reference,
    part.currency,
    CAST(sum(part.amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM pool_part AS part
INNER JOIN explain_input AS asked ON part.image_id = asked.reference
WHERE part.reason IS NOT NULL
GROUP BY part.reason, part.reference, part.currency
