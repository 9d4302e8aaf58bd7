"""Side by side with the tools of this field: ``python -m benchmarks`` installs inputs and peers, and measures."""
