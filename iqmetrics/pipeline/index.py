"""A folder, some files, or images in memory -> ImageRecords.

Each file is read once for its sha256 and embedded facts; both are kept in the store for as long as
size, time and inode stay the same, so an unchanged folder is walked but not read.
"""
