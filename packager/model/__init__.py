"""Values and contracts (Protocols) that every room may import. Nothing here does anything to the outside world."""
