"""API keys: made, listed, revoked, found. Beneath the API, which asks for them, and the jobs, which belong to them."""
