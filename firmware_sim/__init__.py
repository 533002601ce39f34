"""The controller that drives the chip: registers, programs, sequencer, device, driver and the links between them."""
