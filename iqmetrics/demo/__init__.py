"""A tiny CLIP and the procedural scenes it was trained on: for tests and `iqm demo` only."""
