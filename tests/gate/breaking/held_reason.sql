-- A reason isn't one of ours.
UPDATE standing_held SET reason = 'because' WHERE reference = 'ghost@1';
-- A part has no reason.
UPDATE standing_held SET reason = NULL WHERE reference = 'ghost@1';
-- A reason can't have that basis.
UPDATE standing_held SET basis = 'direct' WHERE reason = 'image_not_in_manifest';
-- A part that is somebody's names nobody.
UPDATE standing_held SET contributor_id = NULL WHERE reason = 'no_terms' AND basis = 'direct';
-- A part that is nobody's names somebody.
UPDATE standing_held SET contributor_id = 'ana' WHERE reason = 'unlicensed_image';
-- Nothing is held.
UPDATE standing_held SET amount_micros = 0 WHERE reference = 'ghost@1';
-- Less than nothing is held.
UPDATE standing_held SET amount_micros = -1 WHERE reference = 'ghost@1';
