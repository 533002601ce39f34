// A host on the bus of bus.v: it carries out what it is told on its standard input, and prints what it reads.
//   W address word    R address times    P (until STATUS says that nothing is under way)    E
`default_nettype none

module bench #(
    parameter [63:0] PATIENCE = 64'd100000000
) (
    input wire clk,
    output reg finished,
    output wire presents  // what the clock of bench_verilator.cpp asks; a host does not tell presentations from learning
);
  localparam integer IN = 32'h80000000, OUT = 32'h80000001;
  localparam [1:0] NEXT = 2'd0, ACCESS = 2'd1, GAP = 2'd2;
  reg reset, valid, writes, polls;
  reg [15:0] address;
  reg [31:0] given, n, place, times;
  assign presents = 1'b0;
  wire ack;
  wire [31:0] taken;
  reg [1:0] phase;
  reg [7:0] code;
  integer got;
  reg [63:0] waited;
  bus dut (
      .clk(clk), .reset(reset), .valid(valid), .writes(writes), .address(address), .given(given), .ack(ack),
      .taken(taken)
  );
  initial begin
    finished = 1'b0;
    {reset, valid, writes, polls} = 4'b1000;
    address = 16'd0;
    {given, n, place, times} = 128'd0;
    phase = GAP;
    waited = 64'd0;
  end
  always @(posedge clk) begin
    reset <= 1'b0;
    if (!finished)
      case (phase)
        NEXT: begin
          got = $fscanf(IN, " %c", code);
          if (got != 1) code = "E";
          polls <= code == "P";
          writes <= code == "W";
          waited = 64'd0;
          place = 32'h8;
          n = 32'd1;
          if (code == "W" || code == "R") got = $fscanf(IN, "%h %h", place, n);
          if (code == "E") finished <= 1'b1;
          else begin
            address <= place[15:0];
            given <= n;
            times <= code == "R" ? n : 32'd1;
            valid <= 1'b1;
            phase <= ACCESS;
          end
        end
        ACCESS: begin
          waited = waited + 64'd1;
          if (waited > PATIENCE) begin
            $display("HANG");
            finished <= 1'b1;
          end
          if (ack) begin
            valid <= 1'b0;
            phase <= GAP;
            if (!writes && !polls) begin
              $display("%h", taken);
              $fflush(OUT);
            end
            if (polls) times <= taken[0] ? 32'd1 : 32'd0;
            else times <= times - 32'd1;
          end
        end
        default: begin  // a cycle in which nothing is asked for
          if (times != 32'd0) begin
            valid <= 1'b1;
            phase <= ACCESS;
          end else phase <= NEXT;
        end
      endcase
  end
endmodule
`default_nettype wire
