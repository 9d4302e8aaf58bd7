"""Netlify Functions."""
