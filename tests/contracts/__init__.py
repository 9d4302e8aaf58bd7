"""Contracts: one class of tests per Protocol, which every plug-in passes, and a dummy of each kind."""
