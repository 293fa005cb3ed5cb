-- A statement's digest is the SHA-256 of its sealed bytes.
-- Grain: one row per statement whose digest isn't.
--
-- statement_id VARCHAR: the statement
-- digest VARCHAR: as staged
-- sealed_sha256 VARCHAR: of the staged bytes; null where only the digest's form was looked at
WITH looked_at AS (
    SELECT
        statement_id,
        digest,
        -- Hashing takes longer than all other checks where there are a million statements, and
        -- was done to make the digests: of more than 8,192 every so many is hashed again.
        -- `verify` hashes them all.
        CASE
            WHEN hash(statement_id) % (1 + (SELECT count(*) >> 13 FROM statement AS every)) = 0
                THEN sha256(sealed)
        END AS sealed_sha256
    FROM statement
)

SELECT statement_id, digest, sealed_sha256
FROM looked_at
WHERE digest IS NULL OR length(digest) != 64 OR digest != sealed_sha256
