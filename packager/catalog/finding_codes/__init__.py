"""The codes of all findings: stable and documented, one table per subject; `registry` joins them."""
