"""Integer cores as Verilog, with the memories of a run, and a bench against the emulator (docs/rtl.md)."""
