"""Faces: found by BlazeFace, traced by a mesh of 468 points with irises."""
