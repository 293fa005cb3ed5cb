-- A licence that has to be read where one line alone is explained: one of the contributor's, whose
-- downloads count for one another, or for training on an image of `wanted_image`. It stands in the
-- place of `wanted_licence`.
-- Grain: one row per `licence_id`.
--
-- licence_id VARCHAR: the licence
SELECT licensed.licence_id
FROM stored.image_licensed AS licensed
INNER JOIN stored.licence_contributor AS owner ON licensed.seq = owner.seq
INNER JOIN explain_input AS asked
    ON asked.basis = 'direct' AND owner.contributor_id = asked.contributor_id
UNION
SELECT licensed.licence_id
FROM stored.image_licensed AS licensed
INNER JOIN wanted_image AS image
    ON licensed.image_id = image.image_id AND licensed.licensee_id = image.developer_id
WHERE licensed.use = 'training'
