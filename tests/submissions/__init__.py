"""A small assignment, what students might hand in for it, and what that deserves."""
