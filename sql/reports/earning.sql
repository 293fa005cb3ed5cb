-- What an image earned a contributor as it leaves the warehouse, in major units.
-- Grain: one row per image, contributor, basis, reference, currency and licence with an amount,
-- ordered by contributor_id, basis, reference, currency, image_id and licence_id.
--
-- image_id VARCHAR: the image
-- contributor_id VARCHAR: whom it earned it
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: the image itself of a direct royalty, model version of a pool's
-- currency VARCHAR: currency of the events
-- amount DECIMAL(38, 6): what it earned
-- licence_id VARCHAR: the licence: the one sold, or the one under which the image was trained on
SELECT
    image_id,
    contributor_id,
    basis,
    reference,
    currency,
    amount_micros * 0.000001 AS amount,
    licence_id
FROM earning
ORDER BY contributor_id, basis, reference, currency, image_id, licence_id
