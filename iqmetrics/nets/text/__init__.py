"""Reading text in pictures: what was asked for, what stands there, and how well the two agree."""
