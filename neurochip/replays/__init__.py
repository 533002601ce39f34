"""Recorded spikes and networks of spiking neurons, laid out on a chip, counted, timed and costed."""
