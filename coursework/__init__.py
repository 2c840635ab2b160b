"""What makes of the masters in notebooks/homework what students get, and grades it."""
