"""What all floors above the engine share: scikit-learn's private names, columns, threads."""
