"""Package managers: what their lock files say."""
