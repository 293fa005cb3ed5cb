-- As `check_attributions` of schemas/parts.py: images that are distinct, and whose shares don't add
-- up to more than 1; null where they do.
CREATE OR REPLACE MACRO check_attributions(attributions) AS
CASE
    WHEN
        len(list_distinct([one.image_id FOR one IN attributions])) = len(attributions)
        AND list_sum([ppm(one.share) FOR one IN attributions]) <= 1000000
        THEN attributions
END;
