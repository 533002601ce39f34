// The bench of the mesh: packets of mesh.txt go in as their cores have them, and come out; the cycle of each is compared.
// Lines that begin with MISMATCH say where one differs; the last line says how much was compared.
//   mesh.txt: for each core how many packets it sends; then each packet, core after core:
//     work, the cycle in which it is let in, how many cores it goes to, and of each of these core, work, cycle;
//   then for each core the cycles stalled, and for each tile the flits that leave it east, west, north, south.
// Work is 2^-20 cycle where cores are PACED; otherwise what a sender has is the cycle from which a packet is offered.
`default_nettype none

module mesh_bench #(
    parameter WIDTH = 2, HEIGHT = 2, CORES = 1, DEPTH = 4, CYCLES = 2, LINK_EW = 1, LINK_NS = 1, MULTICAST = 0,
    parameter PACKETS = 1, PACED = 0, SHOWN = 20, FILE = "mesh.txt"
) (
    input wire clk,
    output reg finished
);
  localparam integer TILES = WIDTH * HEIGHT, ALL = TILES * CORES, PAYLOAD = $clog2(PACKETS + 1);
  localparam integer XB = WIDTH > 1 ? $clog2(WIDTH) : 1, YB = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  localparam integer KB = CORES > 1 ? $clog2(CORES) : 1;
  localparam integer TO = MULTICAST != 0 ? ALL : XB + YB + KB, FLIT = PAYLOAD + TO;
  localparam [63:0] ONE = 64'd1 << 20;

  reg reset;
  reg [ALL-1:0] in_valid, ready;
  reg [ALL*FLIT-1:0] in_flit;
  wire [ALL-1:0] room, out_valid;
  wire [ALL*FLIT-1:0] out_flit;
  wire [TILES*4-1:0] crosses;
  wire idle;
  mesh #(
      .WIDTH(WIDTH), .HEIGHT(HEIGHT), .CORES(CORES), .DEPTH(DEPTH), .CYCLES(CYCLES), .LINK_EW(LINK_EW),
      .LINK_NS(LINK_NS), .MULTICAST(MULTICAST), .PAYLOAD(PAYLOAD)
  ) dut (
      .clk(clk), .reset(reset), .in_valid(in_valid), .in_flit(in_flit), .room(room), .out_valid(out_valid),
      .out_flit(out_flit), .ready(ready), .idle(idle), .crosses(crosses)
  );

  // What is sent, and when it goes in and comes out.
  reg [63:0] work[0:PACKETS-1], service[0:PACKETS*ALL-1];
  integer let_in[0:PACKETS-1], arrival[0:PACKETS*ALL-1], stalls[0:ALL-1], load[0:TILES*4-1];
  reg [TO-1:0] to[0:PACKETS-1];
  // Of each core: the packet on offer and the last but one, since when, when it was made; its inbox, its receiver.
  integer at[0:ALL-1], last[0:ALL-1], stalled[0:ALL-1], crossed[0:TILES*4-1], box[0:ALL-1];
  reg [63:0] offer[0:ALL-1], made[0:ALL-1], receiver[0:ALL-1], free[0:ALL*DEPTH-1];
  integer file, got, c, i, k, n, p, there, left, comparisons, mismatches;
  reg [63:0] now, start;

  task differs(input integer packet, input integer core, input [63:0] what, input integer expected,
               input integer really);
    begin
      mismatches = mismatches + 1;
      if (mismatches <= SHOWN)
        $display("MISMATCH packet %0d core %0d %0s: expected %0d, found %0d", packet, core, what, expected, really);
    end
  endtask

  task offers(input integer core);  // the next packet of a core
    if (at[core] < last[core]) begin
      if (PACED != 0) begin
        made[core] = made[core] + work[at[core]];
        offer[core] = (made[core] + ONE - 64'd1) >> 20;
      end else offer[core] = work[at[core]];
    end
  endtask

  initial begin
    finished = 1'b0;
    {comparisons, mismatches, left, p, k} = 0;
    now = 64'd0;
    reset = 1'b1;
    in_valid = {ALL{1'b0}};
    in_flit = {(ALL * FLIT) {1'b0}};
    ready = {ALL{1'b0}};
    start = 64'd0;
    for (i = 0; i < PACKETS * ALL; i = i + 1) arrival[i] = -1;
    for (i = 0; i < TILES * 4; i = i + 1) crossed[i] = 0;
    for (i = 0; i < ALL * DEPTH; i = i + 1) free[i] = 64'd0;
    file = $fopen(FILE, "r");
    if (file == 0) begin
      $display("ABSENT %0s", FILE);
      finished = 1'b1;
    end else begin
      for (c = 0; c < ALL; c = c + 1) begin
        got = $fscanf(file, "%d", n);
        at[c] = p;
        p = p + n;
        last[c] = p;
        {stalled[c], box[c]} = 0;
        {made[c], receiver[c], offer[c]} = 192'd0;
      end
      for (p = 0; p < PACKETS; p = p + 1) begin
        got = $fscanf(file, "%d %d %d", start, k, n);
        work[p] = start;
        let_in[p] = k;
        to[p] = {TO{1'b0}};
        for (i = 0; i < n; i = i + 1) begin
          got = $fscanf(file, "%d %d %d", c, start, k);
          service[p*ALL+c] = start;
          arrival[p*ALL+c] = k;
          if (MULTICAST != 0) to[p] = to[p] | {{(TO - 1) {1'b0}}, 1'b1} << c;
          else begin
            k = ((c / CORES / HEIGHT) << (YB + KB)) | ((c / CORES % HEIGHT) << KB) | (c % CORES);
            to[p] = k[TO-1:0];
          end
          left = left + 1;
        end
      end
      for (c = 0; c < ALL; c = c + 1) begin
        got = $fscanf(file, "%d", k);
        stalls[c] = k;
      end
      for (i = 0; i < TILES * 4; i = i + 1) begin
        got = $fscanf(file, "%d", k);
        load[i] = k;
      end
      for (c = 0; c < ALL; c = c + 1) offers(c);
    end
  end

  // In the middle of a cycle cores offer what they have, and take what they can; at its end all is looked at.
  always @(negedge clk) begin
    for (c = 0; c < ALL; c = c + 1) begin
      in_valid[c] = !reset && at[c] < last[c] && offer[c] <= now && room[c];
      if (at[c] < last[c]) in_flit[c*FLIT+:FLIT] = {at[c][PAYLOAD-1:0], to[at[c]]};
      ready[c] = free[c*DEPTH+box[c]] <= now;
    end
  end

  always @(posedge clk)
    if (reset) reset <= 1'b0;
    else if (!finished) begin
      for (i = 0; i < TILES * 4; i = i + 1) if (crosses[i]) crossed[i] = crossed[i] + 1;
      for (c = 0; c < ALL; c = c + 1) begin
        if (in_valid[c]) begin
          comparisons = comparisons + 1;
          if (let_in[at[c]] != now[31:0]) differs(at[c], c, "let in", let_in[at[c]], now[31:0]);
          stalled[c] = stalled[c] + now[31:0] - offer[c][31:0];
          if (PACED != 0 && now << 20 >= made[c] + ONE) made[c] = now << 20;
          at[c] = at[c] + 1;
          offers(c);
          if (offer[c] <= now) offer[c] = now + 64'd1;
        end
        if (out_valid[c]) begin
          there = {{(32 - PAYLOAD) {1'b0}}, out_flit[c*FLIT+TO+:PAYLOAD]} * ALL + c;
          comparisons = comparisons + 1;
          if (arrival[there] != now[31:0]) differs(there / ALL, c, "arrives", arrival[there], now[31:0]);
          arrival[there] = -1;
          start = now << 20 > receiver[c] ? now << 20 : receiver[c];
          receiver[c] = start + service[there];
          free[c*DEPTH+box[c]] = (start >> 20) + 64'd1;
          box[c] = box[c] + 1 < DEPTH ? box[c] + 1 : 0;
          left = left - 1;
        end
      end
      now = now + 64'd1;
      if (left == 0 || now == 64'd100000000) begin
        if (left != 0) $display("HANG %0d packets are on their way", left);
        for (c = 0; c < ALL; c = c + 1) begin
          comparisons = comparisons + 1;
          if (stalled[c] != stalls[c]) differs(0, c, "stalled", stalls[c], stalled[c]);
        end
        for (i = 0; i < TILES * 4; i = i + 1) begin
          comparisons = comparisons + 1;
          if (crossed[i] != load[i]) differs(0, i / 4, "crossed", load[i], crossed[i]);
        end
        $display("DONE comparisons %0d mismatches %0d cycles %0d", comparisons, mismatches, now);
        finished <= 1'b1;
      end
    end
endmodule
`default_nettype wire
