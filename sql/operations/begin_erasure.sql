-- A user of many entries takes longer to erase than the role may, else; nobody waits so long for a lock.
-- Parameters: none. Result: none.
SET LOCAL statement_timeout = '14min';
SET LOCAL lock_timeout = '5s';
