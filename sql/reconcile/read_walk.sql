-- The places of one walk. Parameters: walk. Result: one row a list.
SELECT walk, sweep, begins_at, ends_at, resume_from, window_end, cursor
  FROM reconcile_progress
 WHERE walk = %(walk)s::text
