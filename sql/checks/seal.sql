-- A statement's digest is the SHA-256 of its sealed bytes.
-- Grain: one row per statement whose digest isn't.
--
-- statement_id VARCHAR: the statement
-- digest VARCHAR: as staged
-- sealed_sha256 VARCHAR: of the staged bytes; null where the digest is none by its form

-- Hashing a million statements' bytes takes longer than most checks, and was done just now to make
-- the digests: of more than 10,000 so many are hashed again, the same at each run, and of the rest
-- the digest is looked at. `verify` hashes them all.
WITH sample AS (
    SELECT
        statement_id,
        digest,
        sealed
    FROM statement
    WHERE length(digest) = 64
    ORDER BY hash(statement_id)
    LIMIT 10_000
)

SELECT
    statement_id,
    digest,
    sha256(sealed) AS sealed_sha256
FROM sample
WHERE digest != sha256(sealed)

UNION ALL

SELECT
    statement_id,
    digest,
    NULL AS sealed_sha256
FROM statement
WHERE digest IS NULL OR length(digest) != 64
