-- Forgets a backfill's place in a list that it is through with. Parameters: run, listing.
DELETE FROM reconcile_checkpoints
 WHERE run = %(run)s::text AND listing = %(listing)s::text AND ends_at IS NOT NULL
