"""nft's own integration scripts against packager: ``python -m benchmarks.nft CHECKOUT``."""
