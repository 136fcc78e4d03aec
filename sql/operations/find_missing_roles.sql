-- Which roles this user could neither become nor make, so that migrations would be refused.
-- Parameters: roles, their names. Result: a row a role: role_name, and permission, the statements that
-- an administrator has to run.
SELECT role_name,
       concat_ws(' ', CASE WHEN known.oid IS NULL THEN format('CREATE ROLE %%I NOLOGIN;', role_name) END,
                 format('GRANT %%I TO %%I;', role_name, current_user)) AS permission
  FROM unnest(%(roles)s::text[]) AS role_name
 CROSS JOIN (SELECT rolsuper, rolcreaterole,
                    current_setting('server_version_num')::int >= 160000 AS creators_are_no_members
               FROM pg_roles WHERE rolname = current_user) AS myself
  LEFT JOIN pg_roles AS known ON known.rolname = role_name
 WHERE NOT CASE
           WHEN myself.rolsuper THEN true
           WHEN known.oid IS NULL THEN myself.rolcreaterole
           WHEN pg_has_role(known.oid, CASE WHEN creators_are_no_members THEN 'SET' ELSE 'MEMBER' END)
                AND pg_has_role(known.oid, 'USAGE') THEN true
           WHEN creators_are_no_members THEN pg_has_role(known.oid, 'MEMBER WITH ADMIN OPTION')
           ELSE myself.rolcreaterole
       END
