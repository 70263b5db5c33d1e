"""What pixels say of exposure, colour, focus, copies and grids; no network, no weights."""
