-- Saves one place. A place that another run has finished meanwhile is not made again.
-- Parameters: run, listing, resume_from, window_end, cursor. Result: none.
UPDATE reconcile_checkpoints
   SET resume_from = %(resume_from)s::timestamptz,
       window_end = %(window_end)s::timestamptz,
       cursor = %(cursor)s::text,
       updated_at = now()
 WHERE run = %(run)s::text AND listing = %(listing)s::text
