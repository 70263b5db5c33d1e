"""Images that lie elsewhere: s3://, gs://, https:// ... by fsspec, which is imported when needed."""


def is_remote(path: str) -> bool:
    """Whether a path is a URL that fsspec opens."""
    return "://" in path
