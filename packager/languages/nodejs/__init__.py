"""Node.js."""
