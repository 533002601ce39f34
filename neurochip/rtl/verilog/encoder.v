// The inputs of one core: the values that they hold, and their spikes, one neuron a cycle, by sigma-delta modulation.
// Steps 6 and 7 of docs/fixed-point.md for an input: x << DECAY in the first tick, x from then on.
`default_nettype none

module encoder #(
    parameter NEURONS = 10, STATE_FRACTION = 12, RESIDUE_WHOLE = 3, RESIDUE_FRACTION = 12,
    parameter DECAY = 2,  // -log2 of lambda
    parameter ROUNDING = 1,  // 0 floor, otherwise to nearest
    // Widths that follow.
    parameter N = NEURONS > 1 ? $clog2(NEURONS) : 1, S = STATE_FRACTION + 1, H = 1 + RESIDUE_WHOLE + RESIDUE_FRACTION
) (
    input wire clk,
    input wire reset,
    input wire write,  // the value of one input
    input wire [N-1:0] at,
    input wire [S-1:0] word,
    input wire go,
    input wire [31:0] tick,  // from 1
    output wire updated,
    output wire [N-1:0] neuron,
    output wire fired,
    output reg done
);
  localparam integer DOWN = STATE_FRACTION - RESIDUE_FRACTION;
  localparam integer C = S + DECAY + 2 > H + 1 ? S + DECAY + 2 : H + 1;  // of the sum before it is held
  localparam signed [C-1:0] HALF = ROUNDING != 0 && DOWN > 0 ? 1 << (DOWN > 0 ? DOWN - 1 : 0) : 0;
  localparam signed [C-1:0] TOP = (1 << (RESIDUE_WHOLE + RESIDUE_FRACTION)) - 1;
  localparam signed [C-1:0] ONE = 1 << RESIDUE_FRACTION, THRESHOLD = 1 << (RESIDUE_FRACTION - 1);
  reg [S-1:0] values[0:NEURONS-1];
  reg signed [H-1:0] residues[0:NEURONS-1];
  reg [S-1:0] read_value;
  reg signed [H-1:0] read_residue;
  reg busy, valid, last;
  reg [N-1:0] count, id;

  wire signed [C-1:0] x = $signed({{(C - S) {1'b0}}, read_value});
  wire signed [C-1:0] activity = tick == 32'd1 ? x <<< DECAY : x;
  wire signed [C-1:0] added = (activity + HALF) >>> DOWN;
  wire signed [C-1:0] was = tick == 32'd1 ? {C{1'b0}} : {{(C - H) {read_residue[H-1]}}, read_residue};
  wire signed [C-1:0] sum = was + added;
  wire signed [C-1:0] kept = sum > TOP ? TOP : sum < -TOP ? -TOP : sum;
  wire fires = kept > THRESHOLD;
  wire signed [C-1:0] left = fires ? kept - ONE : kept;
  assign updated = valid;
  assign neuron = id;
  assign fired = fires;

  always @(posedge clk) begin
    if (write && !reset) values[at] <= word;
    read_value <= values[count];
    read_residue <= residues[count];
    if (valid && !reset) residues[id] <= left[H-1:0];
    valid <= busy;
    id <= count;
    last <= busy && {{(32 - N) {1'b0}}, count} == NEURONS - 1;
    done <= valid && last;
    if (reset) {busy, valid, last, done} <= 4'd0;
    else if (go) begin
      busy <= 1'b1;
      count <= {N{1'b0}};
    end else if (busy) begin
      if ({{(32 - N) {1'b0}}, count} == NEURONS - 1) busy <= 1'b0;
      else count <= count + 1'b1;
    end
  end
endmodule
`default_nettype wire
