"""Columns of a table as numbers for a network: what is learned of them, and what they become."""
