"""Searches: networks are trained first, then handed to scikit-learn's clones."""
