"""Presets, gates and prompt suites as flat TOML files."""
