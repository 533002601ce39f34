// A clock for mesh_bench.v, in simulators that keep time themselves.
`timescale 1ns / 1ns
module mesh_icarus;
  reg clk = 1'b0;
  wire finished;
  mesh_bench of_mesh (.clk(clk), .finished(finished));
  always #1 clk = ~clk;
  always @(posedge finished) #2 $finish;
endmodule
