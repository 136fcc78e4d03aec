"""An AWS on this machine: `ministack`, and what it lacks of what template.yaml asks for.

It runs in an environment of its own (`.venv-emulator`), for its packages are not ours;
`local/emulated_aws.py` starts it.
"""

# What rds-db:connect is about, whatever the database's address.
RDS_RESOURCE_ID = "prx-0123456789abcdef0"
