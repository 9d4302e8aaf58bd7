"""A hosting service that does not exist."""
