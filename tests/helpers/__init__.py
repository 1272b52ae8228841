"""What several test files share; pytest puts this folder on the path."""
