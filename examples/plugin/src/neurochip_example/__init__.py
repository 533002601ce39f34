"""An encoder, a chip and a learning rule for neurochip."""
