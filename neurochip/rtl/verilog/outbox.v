// The spikes of one core on their way into the mesh: those of a tick in their order, each to all that hear the core.
// A spike that is written in one cycle is offered from the next one on.
`default_nettype none

module outbox #(
    parameter SIZE = 100, N = 7,  // neurons, and bits of their numbers
    parameter COPIES = 1, TO = 3,  // destinations of a spike, one after the other, and bits of one
    parameter [COPIES*TO-1:0] DESTINATIONS = 0,  // the first one lowest
    parameter SENDERS = 1, NEURONS = N, SENDER = 0  // bits of the numbers of cores and of neurons in a flit; this core
) (
    input wire clk,
    input wire reset,
    input wire turn,  // a tick is over, and everything has left
    input wire write,
    input wire [N-1:0] id,
    input wire room,
    output wire valid,
    output wire [SENDERS+NEURONS+TO-1:0] flit,
    output wire empty
);
  localparam integer I = $clog2(SIZE + 1), B = COPIES > 1 ? $clog2(COPIES) : 1;
  reg [N-1:0] spikes[0:SIZE-1];
  reg [I-1:0] written, at;
  reg [B-1:0] copy;
  wire last = {{(32 - B) {1'b0}}, copy} == COPIES - 1;
  wire [31:0] here = {{(32 - I) {1'b0}}, at}, there = {{(32 - I) {1'b0}}, written};
  wire [NEURONS-1:0] number;
  assign number[N-1:0] = spikes[here];
  generate
    if (NEURONS > N) begin : wider
      assign number[NEURONS-1:N] = {(NEURONS - N) {1'b0}};
    end
  endgenerate
  assign empty = at == written;
  assign valid = !empty && room;
  assign flit = {SENDER[SENDERS-1:0], number, DESTINATIONS[{{(32-B){1'b0}}, copy}*TO+:TO]};
  always @(posedge clk) begin
    if (write && !reset) spikes[there] <= id;
    if (reset || turn) begin
      written <= {I{1'b0}};
      at <= {I{1'b0}};
      copy <= {B{1'b0}};
    end else begin
      if (write) written <= written + 1'b1;
      if (valid) copy <= last ? {B{1'b0}} : copy + 1'b1;
      if (valid && last) at <= at + 1'b1;
    end
  end
endmodule
`default_nettype wire
