"""Access codes and sessions, as their owner makes, lists and ends them, and the rotation of the keys behind them."""
