-- Forgets a backfill's place in a list that it is through with. Parameters: walk, sweep.
DELETE FROM reconcile_progress
 WHERE walk = %(walk)s::text AND sweep = %(sweep)s::text AND ends_at IS NOT NULL
