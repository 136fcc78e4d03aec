-- What lets somebody with fewer rights have the till run their code: roles that may create in its
-- schema, and functions and operators there that go by the name of one of Postgres' own. Superusers,
-- who own what extensions bring along, migrators and the database's owner are trusted.
-- Parameters: schema. Result: a row each: kind ('role', 'routine' or 'operator'), name and schema, as
-- REVOKE or DROP would say them.
WITH home AS (
    SELECT oid, nspowner, nspacl, quote_ident(nspname) AS schema
      FROM pg_namespace
     WHERE nspname = %(schema)s::text
), trusted AS (
    SELECT role.oid
      FROM pg_roles AS role
     WHERE role.rolsuper
        OR role.oid = (SELECT datdba FROM pg_database WHERE datname = current_database())
        OR EXISTS (SELECT FROM pg_roles AS migrator
                    WHERE migrator.rolname = 'migrator'
                      AND pg_has_role(role.oid, migrator.oid, 'MEMBER'))
)
SELECT 'role' AS kind,
       CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END AS name,
       schema
  FROM home, aclexplode(nspacl) AS acl
 WHERE acl.privilege_type = 'CREATE'
   AND acl.grantee <> nspowner AND acl.grantee NOT IN (SELECT oid FROM trusted)
UNION
SELECT 'routine',
       format('%%s.%%I(%%s)', schema, proname, pg_get_function_identity_arguments(pg_proc.oid)),
       schema
  FROM pg_proc JOIN home ON home.oid = pronamespace
 WHERE proname IN (SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace)
   AND proowner NOT IN (SELECT oid FROM trusted)
UNION
SELECT 'operator',
       format('%%s.%%s (%%s, %%s)', schema, oprname,
              CASE oprleft WHEN 0 THEN 'NONE' ELSE format_type(oprleft, NULL) END,
              format_type(oprright, NULL)),
       schema
  FROM pg_operator JOIN home ON home.oid = oprnamespace
 WHERE oprname IN (SELECT oprname FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace)
   AND oprowner NOT IN (SELECT oid FROM trusted)
 ORDER BY kind, name
