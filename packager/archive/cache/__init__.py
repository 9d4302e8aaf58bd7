"""What earlier packs have compressed: packs of members, records of archives."""
