-- As `check_contributors` of schemas/parts.py: contributors that are distinct, and whose shares add
-- up to 1; null where they don't.
CREATE OR REPLACE MACRO check_contributors(contributors) AS
CASE
    WHEN
        len(list_distinct([one.contributor_id FOR one IN contributors])) = len(contributors)
        AND list_sum([ppm(one.share) FOR one IN contributors]) = 1000000
        THEN contributors
END;
