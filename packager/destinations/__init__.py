"""Where finished zips are published to: one folder each. What is the same for all of them is in ``publish/``."""
