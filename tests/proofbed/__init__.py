"""A bed of small apps: what the hosts' own clients make of each beside what packager says, at each level of trimming."""
