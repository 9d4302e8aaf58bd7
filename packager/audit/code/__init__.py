"""The function's own code: what it asks for, read from its syntax, and whether that will be there on the host."""
