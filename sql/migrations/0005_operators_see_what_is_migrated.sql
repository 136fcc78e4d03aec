-- The doctor, which runs with the operators' functions, says which migrations are due.

GRANT SELECT ON schema_migrations TO operator;
