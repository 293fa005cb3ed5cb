-- A statement carries what it opened with and says nothing else.
UPDATE statement SET recouped_micros = 0, payable_micros = 0, carried_micros = 2_200_000
WHERE contributor_id = 'eve';
