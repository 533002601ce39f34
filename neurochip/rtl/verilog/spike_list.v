// The spikes of one source on their way to one core: those of this tick are written, those of the last one are read.
`default_nettype none

module spike_list #(parameter SIZE = 100, A = 8, FIRST = 0) (
    input wire clk,
    input wire reset,
    input wire turn,  // a tick is over: what was written can be read
    input wire forget,  // a presentation begins: nothing has been heard
    input wire write,
    input wire [A-1:0] id,
    input wire next,
    output wire heard,
    output wire [A-1:0] axon
);
  localparam integer B = $clog2(SIZE + 1);
  reg [A-1:0] spikes[0:2*SIZE-1];
  reg side;
  reg [B-1:0] written, there, at;
  wire [31:0] offset = side ? 32'd0 : SIZE, other = side ? SIZE : 32'd0;
  assign heard = at != there;
  // What is heard next is read a cycle ahead.
  reg [A-1:0] found;
  wire [B-1:0] at_next = reset || forget || turn ? {B{1'b0}} : at + {{(B - 1) {1'b0}}, next};
  wire [31:0] read_at = (turn ? offset : other) + {{(32 - B) {1'b0}}, at_next};
  always @(posedge clk) found <= spikes[read_at];
  assign axon = found + FIRST[A-1:0];
  always @(posedge clk) begin
    if (write && !reset) spikes[offset+{{(32 - B) {1'b0}}, written}] <= id;
    if (reset || forget) begin
      side <= 1'b0;
      written <= {B{1'b0}};
      there <= {B{1'b0}};
      at <= {B{1'b0}};
    end else if (turn) begin
      side <= !side;
      there <= written;
      written <= {B{1'b0}};
      at <= {B{1'b0}};
    end else begin
      if (write) written <= written + 1'b1;
      if (next) at <= at + 1'b1;
    end
  end
endmodule
`default_nettype wire
