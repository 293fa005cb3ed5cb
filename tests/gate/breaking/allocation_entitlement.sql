-- An allocation is no entitlement.
DELETE FROM entitlement WHERE basis = 'generation' AND contributor_id = 'bo';
-- An entitlement comes from no allocation.
DELETE FROM computed_allocation WHERE basis = 'generation';
-- One contributor is allocated what another is entitled to.
UPDATE computed_allocation SET contributor_id = 'cy' WHERE contributor_id = 'bo';
