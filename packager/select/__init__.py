"""What of a tree a bundle needs: traced from its code (`trace/`, `bundle/`), judged by rules (`trim/`)."""
