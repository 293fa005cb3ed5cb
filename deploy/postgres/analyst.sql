-- A role that reads a warehouse and can't change it. Run it as the schema's owner, who may make
-- roles, after `manyhands init`:
--
--   psql --set=role=analyst --set=schema=manyhands --file=deploy/postgres/analyst.sql DATABASE
--
-- Then give the role its password with \password. To the data files it needs the right to read, by
-- means of its own, such as a group that may read the folder; never to write.
\set ON_ERROR_STOP on

CREATE ROLE :"role" LOGIN;
ALTER ROLE :"role" SET default_transaction_read_only = on;
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"role";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT ON TABLES TO :"role";
