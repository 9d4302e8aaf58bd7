"""Package managers: what their lock files say, and what installs and prunes. One module each, in one dict."""
