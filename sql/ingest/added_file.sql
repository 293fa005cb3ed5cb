-- A file of a manifest's rows that the batch adds to `manifest_entry` as it is: an event that is
-- accepted names the manifest, and none before it did.
-- Grain: one row per manifest.
--
-- path VARCHAR: the file with its rows
-- rows_added BIGINT: how many they are
-- md5_sum DECIMAL(38, 0): sum of the rows' `row_md5`
WITH known AS (
    SELECT manifest_sha256
    FROM warehouse.model_trained
    WHERE seq < (SELECT min(seq) FROM event)
)

SELECT
    path,
    rows_added,
    md5_sum
FROM manifest_file
WHERE
    manifest_sha256 IN (SELECT model_trained.manifest_sha256 FROM model_trained)
    AND manifest_sha256 NOT IN (SELECT known.manifest_sha256 FROM known)
