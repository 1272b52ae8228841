"""From arrays to trained networks."""
