"""What every room stands on: errors, units, progress, documents. Imports nothing else of ours."""
