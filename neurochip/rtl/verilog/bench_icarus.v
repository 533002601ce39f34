// A clock for bench.v, in simulators that keep time themselves.
`timescale 1ns / 1ns
module bench_icarus;
  reg clk = 1'b0;
  wire finished;
  bench of_chip (.clk(clk), .finished(finished));
  always #1 clk = ~clk;
  always @(posedge finished) #2 $finish;
endmodule
