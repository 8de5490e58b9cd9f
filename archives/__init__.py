"""The files of a function's archive, found from the source, and the archive made of them."""
