"""The grain field of an image: DCT bands, a learned trust weight, uniformity; shared by scorers."""
