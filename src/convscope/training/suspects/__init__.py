"""The suspects of a data set, found by networks that have not seen them."""
