-- The database of one node: a schema and an owner role per service, and no grant from one to another.
-- Run by psql as a role that may create roles and databases; again at any time: it creates what is missing and sets what it says.
--
--   psql -v node=alder -v verifiers=FOLDER -d postgres -f roles.sql
--
-- FOLDER has a file `<node>_<service>.verifier` for each service: the SCRAM-SHA-256 verifier of the role's password, never the password
-- (verifier.py makes it). So neither this session nor the server's log holds one.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
\set gateway_file :verifiers '/' :node '_gateway.verifier'
\set privacy_file :verifiers '/' :node '_privacy.verifier'
\set records_file :verifiers '/' :node '_records.verifier'
\set audit_file :verifiers '/' :node '_audit.verifier'
\set gateway_verifier `cat :'gateway_file'`
\set privacy_verifier `cat :'privacy_file'`
\set records_verifier `cat :'records_file'`
\set audit_verifier `cat :'audit_file'`

CREATE TEMPORARY TABLE wanted (service text, role text, verifier text);
INSERT INTO wanted SELECT service, :'node' || '_' || service, verifier
  FROM (VALUES ('gateway', :'gateway_verifier'), ('privacy', :'privacy_verifier'),
               ('records', :'records_verifier'), ('audit', :'audit_verifier')) AS given (service, verifier);

SELECT format('DO $do$ BEGIN RAISE EXCEPTION ''no SCRAM-SHA-256 verifier for %s''; END $do$', role)
  FROM wanted WHERE verifier NOT LIKE 'SCRAM-SHA-256$%' OR :'node' !~ '^[a-z][a-z0-9]{0,30}$' \gexec

SELECT format('CREATE ROLE %I', role) FROM wanted WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT PASSWORD %L', role, verifier)
  FROM wanted \gexec
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8''', :'node')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'node') \gexec
-- # INVARIANT: only the node's four roles connect to the node's database; another node's roles cannot.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'node') \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', :'node', role) FROM wanted \gexec

\connect :node
SET client_min_messages = warning;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- # INVARIANT: each schema belongs to one role, and no other role has any right to it.
SELECT format('GRANT %I TO CURRENT_USER', :'node' || '_' || service) FROM unnest(ARRAY['gateway', 'privacy', 'records', 'audit']) AS service
  WHERE NOT pg_has_role(CURRENT_USER, (:'node' || '_' || service)::name, 'MEMBER') \gexec
SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, :'node' || '_' || service)
  FROM unnest(ARRAY['gateway', 'privacy', 'records', 'audit']) AS service \gexec
SELECT format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', service) FROM unnest(ARRAY['gateway', 'privacy', 'records', 'audit']) AS service \gexec
