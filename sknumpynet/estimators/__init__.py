"""scikit-learn's face: inputs, targets, fitted attributes."""
