"""The data model: columns as they are declared, and all that follows from them."""
