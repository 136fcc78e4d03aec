-- What lets somebody with fewer rights have the till run their code: roles that may create in its
-- schema, and functions and operators there that go by the name of one of Postgres' own. Superusers,
-- who own what extensions bring along, migrators and the database's owner are trusted.
-- Parameters: none. Result: a row each: kind ('role', 'routine' or 'operator') and name, as REVOKE or
-- DROP would say it.
WITH trusted AS (
    SELECT role.oid
      FROM pg_roles AS role
     WHERE role.rolsuper
        OR role.oid = (SELECT datdba FROM pg_database WHERE datname = current_database())
        OR EXISTS (SELECT FROM pg_roles AS migrator
                    WHERE migrator.rolname = 'migrator'
                      AND pg_has_role(role.oid, migrator.oid, 'MEMBER'))
)
SELECT 'role' AS kind,
       CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END AS name
  FROM pg_namespace, aclexplode(nspacl) AS acl
 WHERE nspname = 'public' AND acl.privilege_type = 'CREATE'
   AND acl.grantee <> nspowner AND acl.grantee NOT IN (SELECT oid FROM trusted)
UNION
SELECT 'routine',
       format('%I.%I(%s)', 'public', proname, pg_get_function_identity_arguments(oid))
  FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace
   AND proname IN (SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace)
   AND proowner NOT IN (SELECT oid FROM trusted)
UNION
SELECT 'operator',
       format('%I.%s (%s, %s)', 'public', oprname,
              CASE oprleft WHEN 0 THEN 'NONE' ELSE format_type(oprleft, NULL) END,
              format_type(oprright, NULL))
  FROM pg_operator
 WHERE oprnamespace = 'public'::regnamespace
   AND oprname IN (SELECT oprname FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace)
   AND oprowner NOT IN (SELECT oid FROM trusted)
 ORDER BY kind, name
