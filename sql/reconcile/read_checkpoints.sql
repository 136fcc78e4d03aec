-- The places of one run. Parameters: run. Result: one row a list.
SELECT run, listing, begins_at, ends_at, resume_from, window_end, cursor
  FROM reconcile_checkpoints
 WHERE run = %(run)s::text
