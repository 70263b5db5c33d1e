"""Faces: found by BlazeFace, traced by a 468-point mesh, eyes traced by an iris net."""
