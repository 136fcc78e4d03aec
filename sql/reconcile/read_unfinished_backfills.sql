-- The places of all backfills under way, the first begun first. Parameters: none.
SELECT run, listing, begins_at, ends_at, resume_from, window_end, cursor
  FROM reconcile_checkpoints
 WHERE ends_at IS NOT NULL
 ORDER BY ends_at, run
