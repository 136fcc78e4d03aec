-- The schema that the till is to live in, before anything is made in it.
-- Parameters: schema. Result: one row: is_there; may_create, in it or where it is missing the schema
-- itself, and permission, the statement that allows it; history_columns, of a relation
-- schema_migrations in it (null: there is none); schema_of_another_till, as SQL writes it, if there
-- is one.
SELECT home.oid IS NOT NULL AS is_there,
       CASE WHEN home.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege(home.oid, 'USAGE') AND has_schema_privilege(home.oid, 'CREATE')
       END AS may_create,
       format(CASE WHEN home.oid IS NULL THEN 'CREATE SCHEMA %%I AUTHORIZATION %%I;'
                   ELSE 'GRANT USAGE, CREATE ON SCHEMA %%I TO %%I;' END,
              wanted.schema, current_user) AS permission,
       (SELECT array_agg(attname::text ORDER BY attnum)
          FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE relnamespace = home.oid AND relname = 'schema_migrations'
           AND attnum > 0 AND NOT attisdropped) AS history_columns,
       (SELECT min(quote_ident(nspname))
          FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE relname = 'till' AND pg_get_userbyid(relowner) = 'migrator'
           AND relnamespace IS DISTINCT FROM home.oid) AS schema_of_another_till
  FROM (VALUES (%(schema)s::text)) AS wanted (schema)
  LEFT JOIN pg_namespace AS home ON home.nspname = wanted.schema
