"""For each assignment: wrong answers, what they cost, and right ones in other ways."""
