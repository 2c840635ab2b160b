"""A small assignment, and what students might hand in for it, with what that deserves."""
