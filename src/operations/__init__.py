"""What operators do: requests, what becomes of them, and the doctor."""
