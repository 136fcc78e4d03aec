"""The tests: unit (pure), integration (real Postgres and HTTP) and e2e (the built artefact)."""
