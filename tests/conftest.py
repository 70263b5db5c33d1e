"""Processes that tests start import the installed package, never the checkout they stand in."""

import os

os.environ["PYTHONSAFEPATH"] = "1"
