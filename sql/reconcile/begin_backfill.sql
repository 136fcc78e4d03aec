-- Begins a backfill, unless it is under way: lists that it is through with have no row any more.
-- Parameters: walk, begins_at, ends_at; sweeps and resume_from, arrays of the same length.
-- Result: none.
INSERT INTO reconcile_progress (walk, sweep, begins_at, ends_at, resume_from)
SELECT %(walk)s::text, place.sweep, %(begins_at)s::timestamptz, %(ends_at)s::timestamptz,
       place.resume_from
  FROM unnest(%(sweeps)s::text[], %(resume_from)s::timestamptz[]) AS place (sweep, resume_from)
 WHERE NOT EXISTS (SELECT FROM reconcile_progress WHERE walk = %(walk)s::text)
ON CONFLICT (walk, sweep) DO NOTHING
