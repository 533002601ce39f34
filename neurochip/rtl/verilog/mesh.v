// The mesh: a router for each tile, and links that take some cycles both ways. Core c is on tile c / CORES; tiles are
// numbered down each column.
`default_nettype none

module mesh #(
    parameter WIDTH = 2, HEIGHT = 2, CORES = 1, DEPTH = 4, CYCLES = 2, LINK_EW = 1, LINK_NS = 1, MULTICAST = 0,
    parameter PAYLOAD = 16,
    // Widths that follow.
    parameter TILES = WIDTH * HEIGHT, ALL = TILES * CORES,
    parameter XB = WIDTH > 1 ? $clog2(WIDTH) : 1, YB = HEIGHT > 1 ? $clog2(HEIGHT) : 1,
    parameter KB = CORES > 1 ? $clog2(CORES) : 1,
    parameter TO = MULTICAST != 0 ? ALL : XB + YB + KB, FLIT = PAYLOAD + TO
) (
    input wire clk,
    input wire reset,
    // Of each core: a flit goes in while there is room, and comes out while the core is ready.
    input wire [ALL-1:0] in_valid,
    input wire [ALL*FLIT-1:0] in_flit,
    output wire [ALL-1:0] room,
    output wire [ALL-1:0] out_valid,
    output wire [ALL*FLIT-1:0] out_flit,
    input wire [ALL-1:0] ready,
    output wire idle,  // nothing is under way
    output wire [TILES*4-1:0] crosses  // a flit goes on the link of tile t in direction d: bit t * 4 + d
);
  // Of tile t and direction d, as the near end of the link sees them, and as its far end does.
  wire [TILES*4-1:0] sent, arrives, freed, credit;
  wire [TILES*4*FLIT-1:0] sent_flit, arriving;
  assign crosses = sent;
  wire [TILES-1:0] idles;
  wire [TILES*4-1:0] moving;  // something is on the link that ends here
  assign idle = &idles && !(|moving);
  genvar t, d;
  generate
    for (t = 0; t < TILES; t = t + 1) begin : tiles
      localparam integer X = t / HEIGHT, Y = t % HEIGHT;
      router #(
          .X(X), .Y(Y), .WIDTH(WIDTH), .HEIGHT(HEIGHT), .CORES(CORES), .DEPTH(DEPTH), .CYCLES(CYCLES),
          .MULTICAST(MULTICAST), .PAYLOAD(PAYLOAD)
      ) node (
          .clk(clk), .reset(reset),
          .in_valid({in_valid[t*CORES+:CORES], arrives[t*4+:4]}),
          .in_flit({in_flit[t*CORES*FLIT+:CORES*FLIT], arriving[t*4*FLIT+:4*FLIT]}),
          .freed(freed[t*4+:4]), .room(room[t*CORES+:CORES]), .idle(idles[t]),
          .out_valid({out_valid[t*CORES+:CORES], sent[t*4+:4]}),
          .out_flit({out_flit[t*CORES*FLIT+:CORES*FLIT], sent_flit[t*4*FLIT+:4*FLIT]}),
          .credit(credit[t*4+:4]), .ready(ready[t*CORES+:CORES])
      );
      for (d = 0; d < 4; d = d + 1) begin : links
        // Where the link that ends here comes from, and where the one that begins here leads to.
        localparam integer FROM = d == 0 ? t - HEIGHT : d == 1 ? t + HEIGHT : d == 2 ? t + 1 : t - 1;
        localparam integer INTO = d == 0 ? t + HEIGHT : d == 1 ? t - HEIGHT : d == 2 ? t - 1 : t + 1;
        localparam BEGINS = (d == 0 && X > 0) || (d == 1 && X < WIDTH - 1) || (d == 2 && Y < HEIGHT - 1) || (d == 3 && Y > 0);
        localparam LEADS = (d == 0 && X < WIDTH - 1) || (d == 1 && X > 0) || (d == 2 && Y > 0) || (d == 3 && Y < HEIGHT - 1);
        localparam integer LONG = (d < 2 ? LINK_EW : LINK_NS) - 1;
        if (BEGINS) begin : from
          lag #(.BITS(FLIT + 1), .CYCLES(LONG)) link (
              .clk(clk), .reset(reset), .in({sent[FROM*4+d], sent_flit[(FROM*4+d)*FLIT+:FLIT]}),
              .out({arrives[t*4+d], arriving[(t*4+d)*FLIT+:FLIT]})
          );
          if (LONG > 0) begin : watched
            reg [LONG-1:0] there;
            wire [LONG:0] next = {there, sent[FROM*4+d]};
            always @(posedge clk) there <= reset ? {LONG{1'b0}} : next[LONG-1:0];
            assign moving[t*4+d] = |there;
          end else begin : short
            assign moving[t*4+d] = 1'b0;
          end
        end else begin : edge_from
          assign moving[t*4+d] = 1'b0;
          assign arrives[t*4+d] = 1'b0;
          assign arriving[(t*4+d)*FLIT+:FLIT] = {FLIT{1'b0}};
        end
        if (LEADS) begin : into
          lag #(.BITS(1), .CYCLES(LONG)) back (
              .clk(clk), .reset(reset), .in(freed[INTO*4+d]), .out(credit[t*4+d])
          );
        end else begin : edge_into
          assign credit[t*4+d] = 1'b0;
        end
      end
    end
  endgenerate
endmodule
`default_nettype wire
