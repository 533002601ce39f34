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
    output reg [PORTS-1:0] out_valid,
    output reg [PORTS*FLIT-1:0] out_flit,
    input wire [3:0] credit,  // a place at the far end of a link is free again
    input wire [CORES-1:0] ready  // a core takes a flit
);
  localparam integer C = $clog2(DEPTH + 1);
  // Whether there is a link that way: where the mesh ends, nothing comes in and nothing goes out.
  localparam [3:0] COMES = {Y > 0, Y < HEIGHT - 1, X < WIDTH - 1, X > 0}, GOES = {Y < HEIGHT - 1, Y > 0, X > 0, X < WIDTH - 1};

  // Whether a destination lies behind an output: first along the row, then along the column.
  function behind(input integer out, input integer x, input integer y, input integer k);
    case (out)
      0: behind = x > X;
      1: behind = x < X;
      2: behind = x == X && y < Y;
      3: behind = x == X && y > Y;
      default: behind = x == X && y == Y && k == out - 4;
    endcase
  endfunction
  function [PORTS*TO-1:0] all_behind(input integer unused);  // with MULTICAST: of output o the cores that are
    integer p, c;
    begin
      all_behind = {(PORTS * TO) {1'b0}};
      for (p = 0; p < PORTS; p = p + 1)
        for (c = 0; c < TO; c = c + 1)
          all_behind[p*TO+c] = behind(p, c / CORES / HEIGHT, c / CORES % HEIGHT, c % CORES);
    end
  endfunction
  localparam [PORTS*TO-1:0] BEHIND = all_behind(0);
  function [TO-1:0] share(input integer out, input [TO-1:0] to);  // the part of a destination that lies behind an output
    if (MULTICAST != 0) share = to & BEHIND[out*TO+:TO];
    else
      share = behind(out, {{(32 - XB) {1'b0}}, to[TO-1-:XB]}, {{(32 - YB) {1'b0}}, to[KB+:YB]}, {{(32 - KB) {1'b0}}, to[KB-1:0]})
          ? to : {TO{1'b0}};
  endfunction
  function wants(input integer out, input [TO-1:0] to);  // whether any of it does
    if (MULTICAST != 0) wants = |(to & BEHIND[out*TO+:TO]);
    else
      wants = behind(out, {{(32 - XB) {1'b0}}, to[TO-1-:XB]}, {{(32 - YB) {1'b0}}, to[KB+:YB]},
                     {{(32 - KB) {1'b0}}, to[KB-1:0]});
  endfunction

  // ---- inputs: the head of each queue, and by which outputs it is yet to leave
  wire [PORTS-1:0] ripe, empty, has_room, open;
  reg [PORTS-1:0] gone;
  wire [PORTS*FLIT-1:0] heads;
  reg [PORTS*PORTS-1:0] left;  // of input i, output o: bit i * PORTS + o: the head has left by it
  genvar i, o;
  generate
    for (i = 0; i < PORTS; i = i + 1) begin : inputs
      if (i < 4 ? COMES[i%4] : 1'b1) begin : queued
        // A core's flit is in its queue in the cycle in which it is written, one from a link a cycle later.
        flit_queue #(.FLIT(FLIT), .DEPTH(DEPTH), .CYCLES(i < 4 ? CYCLES : CYCLES - 1)) queue (
            .clk(clk), .reset(reset), .write(in_valid[i]), .flit(in_flit[i*FLIT+:FLIT]), .gone(gone[i]),
            .head(heads[i*FLIT+:FLIT]), .ripe(ripe[i]), .room(has_room[i]), .empty(empty[i])
        );
      end else begin : edge_of_mesh
        assign heads[i*FLIT+:FLIT] = {FLIT{1'b0}};
        assign {ripe[i], has_room[i], empty[i]} = 3'b001;
      end
    end
  endgenerate
  assign freed = gone[3:0];
  assign idle = &empty;
  assign room = has_room[PORTS-1:4];
  // A simulator passes over a router that holds nothing.
`ifdef SYNTHESIS
  wire works = 1'b1;
`else
  wire works = !idle;
`endif

  // ---- outputs: the first input that asks, counted from the one behind the last winner
  function [PORTS-1:0] lowest(input [PORTS-1:0] asks);
    lowest = asks & (~asks + 1'b1);
  endfunction
  function [PORTS-1:0] after(input [PORTS-1:0] winner);  // the inputs from the one behind it on
    reg [PORTS-1:0] later;
    begin
      later = ~(winner | (winner - 1'b1));
      after = later == {PORTS{1'b0}} ? {PORTS{1'b1}} : later;
    end
  endfunction
  reg [PORTS*PORTS-1:0] missing;  // as `left`: the head is yet to leave by it
  reg [PORTS*PORTS-1:0] leaves;  // the same: it leaves by it now
  reg [PORTS-1:0] asks, granted;
  reg [PORTS*PORTS-1:0] granted_by;  // of output o, input i: bit o * PORTS + i
  reg [PORTS*PORTS-1:0] from;  // the same: the inputs that come first
  integer a, b;
  always @* begin
    out_valid = {PORTS{1'b0}};
    out_flit = {(PORTS * FLIT) {1'b0}};
    missing = {(PORTS * PORTS) {1'b0}};
    leaves = {(PORTS * PORTS) {1'b0}};
    granted_by = {(PORTS * PORTS) {1'b0}};
    {gone, asks, granted} = {(3 * PORTS) {1'b0}};
    if (works) begin
      for (b = 0; b < PORTS; b = b + 1)
        if (b < 4 ? GOES[b%4] : 1'b1) begin
          for (a = 0; a < PORTS; a = a + 1)
            if (a < 4 ? COMES[a%4] : 1'b1) begin
              missing[a*PORTS+b] = ripe[a] && !left[a*PORTS+b] && wants(b, heads[a*FLIT+:TO]);
              asks[a] = missing[a*PORTS+b];
            end
          granted = !open[b] ? {PORTS{1'b0}} : |(asks & from[b*PORTS+:PORTS]) ? lowest(asks & from[b*PORTS+:PORTS]) : lowest(asks);
          granted_by[b*PORTS+:PORTS] = granted;
          out_valid[b] = |granted;
          for (a = 0; a < PORTS; a = a + 1)
            if ((a < 4 ? COMES[a%4] : 1'b1) && granted[a]) begin
              leaves[a*PORTS+b] = 1'b1;
              out_flit[b*FLIT+:FLIT] = {heads[a*FLIT+TO+:PAYLOAD], share(b, heads[a*FLIT+:TO])};
            end
        end
      for (a = 0; a < PORTS; a = a + 1)
        gone[a] = ripe[a] && (missing[a*PORTS+:PORTS] & ~leaves[a*PORTS+:PORTS]) == {PORTS{1'b0}};
    end
  end
  integer n;
  always @(posedge clk)
    if (reset) begin
      left <= {(PORTS * PORTS) {1'b0}};
      from <= {(PORTS * PORTS) {1'b1}};
    end else if (works)
      for (n = 0; n < PORTS; n = n + 1) begin
        left[n*PORTS+:PORTS] <= gone[n] ? {PORTS{1'b0}} : left[n*PORTS+:PORTS] | leaves[n*PORTS+:PORTS];
        if (out_valid[n]) from[n*PORTS+:PORTS] <= after(granted_by[n*PORTS+:PORTS]);
      end
  generate
    for (o = 0; o < PORTS; o = o + 1) begin : outputs
      if (o < 4 ? GOES[o%4] : 1'b0) begin : link
        reg [C-1:0] credits;
        assign open[o] = credits != {C{1'b0}};
        always @(posedge clk)
          if (reset) credits <= DEPTH[C-1:0];
          else if (out_valid[o] && !credit[o]) credits <= credits - 1'b1;
          else if (!out_valid[o] && credit[o]) credits <= credits + 1'b1;
      end else begin : core
        assign open[o] = o < 4 ? 1'b0 : ready[o < 4 ? 0 : o-4];
      end
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
  assign head = ripe ? places[first] : {FLIT{1'b0}};
  assign ripe = may_ask != {C{1'b0}};
  assign room = held != DEPTH[C-1:0];
  assign empty = held == {C{1'b0}};
  function [P-1:0] after(input [P-1:0] place);
    after = {{(32 - P) {1'b0}}, place} == DEPTH - 1 ? {P{1'b0}} : place + 1'b1;
  endfunction
  always @(posedge clk) begin
    if (write && !reset) places[free] <= flit;
    if (reset) begin
      first <= {P{1'b0}};
      free <= {P{1'b0}};
      held <= {C{1'b0}};
      may_ask <= {C{1'b0}};
    end else if (write || gone || older) begin
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
