"""The forms that values come in: times, numbers, JSON; and the conversions between them."""
