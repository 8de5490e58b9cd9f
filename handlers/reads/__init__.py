"""The homes behind one contract."""
