"""One verb a file: options in, result out."""
