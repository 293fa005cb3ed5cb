-- Something received that the log didn't take, kept so that it can be looked at and replayed.
-- Grain: one row per origin, origin item and payload, however often it was sent.
--
-- id VARCHAR: SHA-256 of the UTF-8 of origin, LF, origin_item, LF and payload_sha256
-- batch_id VARCHAR: the batch of `ingest_batch` that brought it first
-- received_at TIMESTAMP: when it was refused first, in UTC
-- processor VARCHAR: what refused it, with its version
-- reason VARCHAR: why, as a word of SPEC §3.4
-- path VARCHAR: where in the event, as a dotted path; empty where it is the whole
-- message VARCHAR: what is wrong there
-- origin VARCHAR: the file, `-` for standard input, or the subscription
-- origin_item VARCHAR: the line in the file, from 1, or the message's id
-- attributes VARCHAR: JSON of the attributes of binary mode; null in structured mode
-- payload BLOB: the bytes received, of larger ones the first 64 KiB
-- payload_size BIGINT: bytes received
-- payload_sha256 VARCHAR: SHA-256 of all bytes received
-- resolved_at TIMESTAMP: when the log had the same bytes after all, in UTC; null while it is open
SELECT
    id,
    batch_id,
    received_at,
    processor,
    reason,
    path,
    message,
    origin,
    origin_item,
    attributes,
    payload,
    payload_size,
    payload_sha256,
    NULL::TIMESTAMP AS resolved_at
FROM refused
