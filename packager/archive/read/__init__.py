"""A zip from anywhere → its members, and what is unusual about it."""
