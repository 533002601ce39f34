"""An encoder, two neurons, a chip and a learning rule for neurochip."""
