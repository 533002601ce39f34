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
  // What is read next is fetched ahead, so that it is there at once.
  wire [31:0] read_at = other + {{(32 - B) {1'b0}}, at};
  assign heard = at != there;
  wire [A-1:0] found = spikes[read_at];
  assign axon = found + FIRST[A-1:0];
  always @(posedge clk) begin
    if (write) spikes[offset+{{(32 - B) {1'b0}}, written}] <= id;
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
