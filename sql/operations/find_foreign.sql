-- Which of these names are taken in the current schema.
-- Parameters: relations, names of tables, views, indexes and types; routines, names of functions.
-- Result: a row each: name.
WITH home AS (
    SELECT oid FROM pg_namespace WHERE nspname = current_schema()
)
SELECT relname AS name
  FROM pg_class JOIN home ON home.oid = relnamespace
 WHERE relname = ANY(%(relations)s::text[])
UNION
SELECT typname
  FROM pg_type JOIN home ON home.oid = typnamespace
 WHERE typname = ANY(%(relations)s::text[])
UNION
SELECT proname
  FROM pg_proc JOIN home ON home.oid = pronamespace
 WHERE proname = ANY(%(routines)s::text[])
 ORDER BY name
