// A router of the mesh: a queue for each input, XY routes, an arbiter for each output, credits for each link.
// What happens in which cycle is docs/network-on-chip.md. Ports 0 to 3 are flits that travel east, west, north, south;
// port 4 + k is core k of this tile. A flit is {payload, destination}: with MULTICAST a bit for each core of the chip,
// otherwise {x, y, k}. A flit that forks stays until it has left by all of its outputs.
`default_nettype none

module router #(
    parameter X = 0, Y = 0, WIDTH = 2, HEIGHT = 2, CORES = 1,  // CORES of a tile; tile x * HEIGHT + y
    parameter DEPTH = 4,  // of every queue
    parameter CYCLES = 2,  // from arrival to request, at least 1
    parameter MULTICAST = 0, PAYLOAD = 16,
    // Widths that follow.
    parameter PORTS = 4 + CORES,
    parameter XB = WIDTH > 1 ? $clog2(WIDTH) : 1, YB = HEIGHT > 1 ? $clog2(HEIGHT) : 1,
    parameter KB = CORES > 1 ? $clog2(CORES) : 1,
    parameter TO = MULTICAST != 0 ? WIDTH * HEIGHT * CORES : XB + YB + KB, FLIT = PAYLOAD + TO
) (
    input wire clk,
    input wire reset,
    input wire [PORTS-1:0] in_valid,
    input wire [PORTS*FLIT-1:0] in_flit,
    output wire [3:0] freed,  // a place of a queue behind a link
    output wire [CORES-1:0] room,  // in the queue of a core
    output wire idle,  // nothing is here
    output wire [PORTS-1:0] out_valid,
    output wire [PORTS*FLIT-1:0] out_flit,
    input wire [3:0] credit,  // a place at the far end of a link is free again
    input wire [CORES-1:0] ready  // a core takes a flit
);
  localparam integer C = $clog2(DEPTH + 1), T = $clog2(PORTS);

  // ---- inputs: the head of each queue, and by which outputs it is yet to leave
  wire [PORTS-1:0] ripe, gone, has_room, empty;
  wire [PORTS*FLIT-1:0] heads;
  wire [PORTS*PORTS-1:0] wants;  // of input i, output o: bit i * PORTS + o
  wire [PORTS*PORTS-1:0] asked, granted;  // of output o, input i: bit o * PORTS + i
  wire [PORTS*PORTS*FLIT-1:0] shares;  // of input i by output o
  genvar i, o;
  generate
    for (i = 0; i < PORTS; i = i + 1) begin : inputs
      reg [PORTS-1:0] left;  // the outputs by which the head has left
      wire [PORTS-1:0] leaves, missing;
      // A core's flit is in its queue in the cycle in which it is written, one from a link a cycle later.
      flit_queue #(.FLIT(FLIT), .DEPTH(DEPTH), .CYCLES(i < 4 ? CYCLES : CYCLES - 1)) queue (
          .clk(clk), .reset(reset), .write(in_valid[i]), .flit(in_flit[i*FLIT+:FLIT]), .gone(gone[i]),
          .head(heads[i*FLIT+:FLIT]), .ripe(ripe[i]), .room(has_room[i]), .empty(empty[i])
      );
      assign missing = wants[i*PORTS+:PORTS] & ~left;
      assign gone[i] = ripe[i] && (missing & ~leaves) == {PORTS{1'b0}};
      always @(posedge clk) left <= reset || gone[i] ? {PORTS{1'b0}} : left | leaves;
      for (o = 0; o < PORTS; o = o + 1) begin : towards
        assign leaves[o] = granted[o*PORTS+i];
        assign asked[o*PORTS+i] = ripe[i] && missing[o];
        route #(
            .OUTPUT(o), .X(X), .Y(Y), .HEIGHT(HEIGHT), .CORES(CORES), .MULTICAST(MULTICAST),
            .XB(XB), .YB(YB), .KB(KB), .TO(TO)
        ) way (
            .to(heads[i*FLIT+:TO]), .wanted(wants[i*PORTS+o]), .share(shares[(i*PORTS+o)*FLIT+:TO])
        );
        assign shares[(i*PORTS+o)*FLIT+TO+:PAYLOAD] = heads[i*FLIT+TO+:PAYLOAD];
      end
    end
  endgenerate
  assign freed = gone[3:0];
  assign idle = &empty;
  assign room = has_room[PORTS-1:4];

  // ---- outputs: the first input that asks, counted from the one behind the last winner
  generate
    for (o = 0; o < PORTS; o = o + 1) begin : outputs
      reg [T-1:0] turn, winner;
      reg found;
      wire open;
      integer at, k;
      always @* begin
        winner = {T{1'b0}};
        found = 1'b0;
        for (k = PORTS - 1; k >= 0; k = k - 1) begin
          at = {{(32 - T) {1'b0}}, turn} + k;
          if (at >= PORTS) at = at - PORTS;
          if (asked[o*PORTS+at]) begin
            winner = at[T-1:0];
            found = 1'b1;
          end
        end
      end
      assign out_valid[o] = found && open;
      assign granted[o*PORTS+:PORTS] = out_valid[o] ? {{(PORTS - 1) {1'b0}}, 1'b1} << winner : {PORTS{1'b0}};
      assign out_flit[o*FLIT+:FLIT] = shares[({{(32-T){1'b0}}, winner}*PORTS+o)*FLIT+:FLIT];
      always @(posedge clk)
        if (reset) turn <= {T{1'b0}};
        else if (out_valid[o]) turn <= {{(32 - T) {1'b0}}, winner} == PORTS - 1 ? {T{1'b0}} : winner + 1'b1;
      if (o < 4) begin : link
        reg [C-1:0] credits;
        assign open = credits != {C{1'b0}};
        always @(posedge clk)
          if (reset) credits <= DEPTH[C-1:0];
          else if (out_valid[o] && !credit[o]) credits <= credits - 1'b1;
          else if (!out_valid[o] && credit[o]) credits <= credits + 1'b1;
      end else begin : core
        assign open = ready[o-4];
      end
    end
  endgenerate
endmodule

// Whether a destination lies behind an output, and which share of it does: first along the row, then along the column.
module route #(
    parameter OUTPUT = 0, X = 0, Y = 0, HEIGHT = 2, CORES = 1, MULTICAST = 0, XB = 1, YB = 1, KB = 1, TO = 3
) (
    input wire [TO-1:0] to,
    output wire wanted,
    output wire [TO-1:0] share
);
  function behind(input integer x, input integer y, input integer k);
    case (OUTPUT)
      0: behind = x > X;
      1: behind = x < X;
      2: behind = x == X && y < Y;
      3: behind = x == X && y > Y;
      default: behind = x == X && y == Y && k == OUTPUT - 4;
    endcase
  endfunction
  genvar c;
  generate
    if (MULTICAST != 0) begin : many
      for (c = 0; c < TO; c = c + 1) begin : cores
        assign share[c] = to[c] && behind(c / CORES / HEIGHT, c / CORES % HEIGHT, c % CORES);
      end
      assign wanted = |share;
    end else begin : one
      assign share = to;
      assign wanted = behind({{(32 - XB) {1'b0}}, to[TO-1-:XB]}, {{(32 - YB) {1'b0}}, to[KB+:YB]},
                             {{(32 - KB) {1'b0}}, to[KB-1:0]});
    end
  endgenerate
endmodule

// The queue of an input. A flit may ask for outputs CYCLES after it was written.
module flit_queue #(
    parameter FLIT = 8, DEPTH = 4, CYCLES = 1
) (
    input wire clk,
    input wire reset,
    input wire write,
    input wire [FLIT-1:0] flit,
    input wire gone,
    output wire [FLIT-1:0] head,
    output wire ripe,
    output wire room,
    output wire empty
);
  localparam integer C = $clog2(DEPTH + 1), P = DEPTH > 1 ? $clog2(DEPTH) : 1;
  reg [FLIT-1:0] places[0:DEPTH-1];
  reg [P-1:0] first, free;
  reg [C-1:0] held, may_ask;  // flits here, and those among them that are old enough
  wire older;
  lag #(.BITS(1), .CYCLES(CYCLES)) age (.clk(clk), .reset(reset), .in(write), .out(older));
  assign head = places[first];
  assign ripe = may_ask != {C{1'b0}};
  assign room = held != DEPTH[C-1:0];
  assign empty = held == {C{1'b0}};
  function [P-1:0] after(input [P-1:0] place);
    after = {{(32 - P) {1'b0}}, place} == DEPTH - 1 ? {P{1'b0}} : place + 1'b1;
  endfunction
  always @(posedge clk) begin
    if (write) places[free] <= flit;
    if (reset) begin
      first <= {P{1'b0}};
      free <= {P{1'b0}};
      held <= {C{1'b0}};
      may_ask <= {C{1'b0}};
    end else begin
      if (write) free <= after(free);
      if (gone) first <= after(first);
      if (write && !gone) held <= held + 1'b1;
      else if (gone && !write) held <= held - 1'b1;
      if (older && !gone) may_ask <= may_ask + 1'b1;
      else if (gone && !older) may_ask <= may_ask - 1'b1;
    end
  end
endmodule

// What comes in goes out so many cycles later; with none it is a wire.
module lag #(
    parameter BITS = 1, CYCLES = 1
) (
    input wire clk,
    input wire reset,
    input wire [BITS-1:0] in,
    output wire [BITS-1:0] out
);
  genvar k;
  generate
    if (CYCLES == 0) begin : wires
      assign out = in;
    end else begin : stages
      wire [(CYCLES+1)*BITS-1:0] on_the_way;
      assign on_the_way[BITS-1:0] = in;
      for (k = 0; k < CYCLES; k = k + 1) begin : stage
        reg [BITS-1:0] held;
        always @(posedge clk) held <= reset ? {BITS{1'b0}} : on_the_way[k*BITS+:BITS];
        assign on_the_way[(k+1)*BITS+:BITS] = held;
      end
      assign out = on_the_way[CYCLES*BITS+:BITS];
    end
  endgenerate
endmodule
`default_nettype wire
