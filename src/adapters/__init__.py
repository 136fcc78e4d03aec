"""What the rules need from outside: Postgres, Stripe, AWS and the environment."""
