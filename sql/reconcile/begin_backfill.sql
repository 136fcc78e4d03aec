-- Begins a backfill, unless it is under way: lists that it is through with have no row any more.
-- Parameters: run, begins_at, ends_at; listings and resume_from, arrays of the same length.
-- Result: none.
INSERT INTO reconcile_checkpoints (run, listing, begins_at, ends_at, resume_from)
SELECT %(run)s::text, place.listing, %(begins_at)s::timestamptz, %(ends_at)s::timestamptz,
       place.resume_from
  FROM unnest(%(listings)s::text[], %(resume_from)s::timestamptz[]) AS place (listing, resume_from)
 WHERE NOT EXISTS (SELECT FROM reconcile_checkpoints WHERE run = %(run)s::text)
ON CONFLICT (run, listing) DO NOTHING
