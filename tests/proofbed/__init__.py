"""A bed of small apps: what the hosts' own clients make of each, beside what packager says of it."""
