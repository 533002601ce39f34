// The engine that learns: products of what stood at both ends of a synapse, summed over the samples of a minibatch,
// shifted with a random word, and added to a weight that is read and written once (docs/fixed-point.md, "Learning").
`default_nettype none

module learning #(
    parameter NEURONS = 10, AXONS = 100, LANES = 4, WEIGHT_BITS = 8, SAMPLES = 1,
    parameter ACTIVITY_BITS = 15, MOVED_BITS = 14, BIAS_BITS = 16, STOCHASTIC = 1,
    parameter WORD_BITS = 16, NEURON_BITS = 8
) (
    input wire clk,
    input wire reset,
    input wire axon_write,
    input wire [31:0] axon_at,  // sample * AXONS + axon
    input wire signed [ACTIVITY_BITS-1:0] axon_activity,
    input wire signed [MOVED_BITS-1:0] axon_moved,
    input wire neuron_write,
    input wire [31:0] neuron_at,  // sample * NEURONS + neuron
    input wire signed [ACTIVITY_BITS-1:0] neuron_activity,
    input wire signed [MOVED_BITS-1:0] neuron_moved,
    input wire learn,
    input wire [1:0] what,  // 0: the rows of a source; 1: its columns, of a transposed copy; 2: biases
    input wire [31:0] first, axons,  // of the source
    input wire [31:0] key,  // of the first row
    input wire [5:0] right, left,
    input wire minus,
    output reg learned,
    output wire busy,
    output wire [WORD_BITS-1:0] word,
    input wire [LANES*WEIGHT_BITS-1:0] held,
    output wire writes,
    output wire [LANES*WEIGHT_BITS-1:0] changed,
    output wire [NEURON_BITS-1:0] bias_at,
    input wire [BIAS_BITS-1:0] bias,
    output wire bias_writes,
    output wire [BIAS_BITS-1:0] bias_new
);
  localparam integer WORDS = (NEURONS + LANES - 1) / LANES;
  localparam [1:0] ROWS = 2'd0, COLUMNS = 2'd1, BIASES = 2'd2;
  localparam integer PAIR = ACTIVITY_BITS + MOVED_BITS;
  reg [PAIR-1:0] axon_pairs[0:SAMPLES*AXONS-1];
  reg [PAIR-1:0] neuron_pairs[0:SAMPLES*NEURONS-1];

  // Rows outside, columns inside: the generator begins a row anew and gives a word to each column.
  reg [31:0] row, column, sample;
  wire [31:0] rows = what == BIASES ? 32'd1 : what == COLUMNS ? NEURONS : axons;
  wire [31:0] columns = what == COLUMNS ? axons : NEURONS;
  wire [31:0] axon = first + (what == COLUMNS ? column : row);
  wire [31:0] neuron = what == COLUMNS ? row : column;

  localparam [3:0] IDLE = 4'd0, LOOK = 4'd1, LOOKED = 4'd2, READ = 4'd3, PRODUCT = 4'd4, SUM = 4'd5,
      CHANGE = 4'd6, WRITE = 4'd7, NEXT = 4'd8;
  reg [3:0] phase;
  assign busy = phase != IDLE;

  reg [PAIR-1:0] axon_side, neuron_side;
  wire [31:0] axon_word = sample * AXONS + axon, neuron_word = sample * NEURONS + neuron;
  always @(posedge clk) begin
    axon_side <= axon_pairs[axon_word];
    if (axon_write) axon_pairs[axon_at] <= {axon_activity, axon_moved};
  end
  always @(posedge clk) begin
    neuron_side <= neuron_pairs[neuron_word];
    if (neuron_write) neuron_pairs[neuron_at] <= {neuron_activity, neuron_moved};
  end
  wire signed [63:0] axon_was = {{(64 - ACTIVITY_BITS) {axon_side[PAIR-1]}}, axon_side[PAIR-1-:ACTIVITY_BITS]};
  wire signed [63:0] axon_went = {{(64 - MOVED_BITS) {axon_side[MOVED_BITS-1]}}, axon_side[MOVED_BITS-1:0]};
  wire signed [63:0] neuron_was = {{(64 - ACTIVITY_BITS) {neuron_side[PAIR-1]}}, neuron_side[PAIR-1-:ACTIVITY_BITS]};
  wire signed [63:0] neuron_went = {{(64 - MOVED_BITS) {neuron_side[MOVED_BITS-1]}}, neuron_side[MOVED_BITS-1:0]};
  wire row_is_zero = what == COLUMNS ? neuron_side == {PAIR{1'b0}} : axon_side == {PAIR{1'b0}};

  function [31:0] after(input [31:0] x);  // xorshift, Marsaglia 2003
    reg [31:0] a, b;
    begin
      a = x ^ (x << 13);
      b = a ^ (a >> 17);
      after = b ^ (b << 5);
    end
  endfunction
  localparam [31:0] GOLDEN = 32'h9E3779B9;
  reg [31:0] row_key, random;

  reg signed [63:0] total;
  wire signed [63:0] product = what == BIASES ? neuron_went : axon_was * neuron_went + axon_went * neuron_was;
  wire signed [63:0] signed_total = minus ? -total : total;
  wire [63:0] mask = (64'd1 << right) - 64'd1;
  wire signed [63:0] chance = STOCHASTIC != 0 ? $signed({32'd0, random} & mask) : (64'sd1 <<< right) >>> 1;
  reg signed [63:0] change;

  // The weight, or bias, among those of its word.
  wire [31:0] word_of = axon * WORDS + neuron / LANES;
  wire [31:0] lane = neuron % LANES;
  assign word = word_of[WORD_BITS-1:0];
  assign bias_at = neuron[NEURON_BITS-1:0];
  wire [WEIGHT_BITS-1:0] weight = held[lane*WEIGHT_BITS+:WEIGHT_BITS];
  localparam signed [63:0] MOST = (64'sd1 <<< (WEIGHT_BITS - 1)) - 1, MOST_BIAS = (64'sd1 <<< (BIAS_BITS - 1)) - 1;
  wire signed [63:0] wanted = {{(64 - WEIGHT_BITS) {weight[WEIGHT_BITS-1]}}, weight} + change;
  wire signed [63:0] kept = wanted > MOST ? MOST : wanted < -MOST - 1 ? -MOST - 1 : wanted;
  wire signed [63:0] wanted_bias = {{(64 - BIAS_BITS) {bias[BIAS_BITS-1]}}, bias} + change;
  wire signed [63:0] kept_bias =
      wanted_bias > MOST_BIAS ? MOST_BIAS : wanted_bias < -MOST_BIAS ? -MOST_BIAS : wanted_bias;
  reg [LANES*WEIGHT_BITS-1:0] merged;
  always @* begin
    merged = held;
    merged[lane*WEIGHT_BITS+:WEIGHT_BITS] = kept[WEIGHT_BITS-1:0];
  end
  assign writes = phase == WRITE && what != BIASES;
  assign changed = merged;
  assign bias_writes = phase == WRITE && what == BIASES;
  assign bias_new = kept_bias[BIAS_BITS-1:0];

  reg skips;
  wire last_sample = sample == SAMPLES - 1;
  always @(posedge clk) begin
    learned <= 1'b0;
    if (reset) phase <= IDLE;
    else
      case (phase)
        IDLE: if (learn) begin
          row <= 32'd0;
          column <= 32'd0;
          sample <= 32'd0;
          row_key <= key;
          skips <= 1'b1;
          phase <= LOOK;
        end
        LOOK: phase <= LOOKED;  // the pair of this sample is being read
        LOOKED: begin
          skips <= skips && row_is_zero && what != BIASES;
          sample <= last_sample ? 32'd0 : sample + 32'd1;
          random <= after(after(row_key == 32'd0 ? GOLDEN : row_key));
          if (last_sample && skips && row_is_zero && what != BIASES) begin
            column <= columns - 32'd1;
            phase <= NEXT;
          end else phase <= last_sample ? READ : LOOK;
        end
        READ: begin
          total <= 64'sd0;
          random <= after(random);
          phase <= PRODUCT;
        end
        PRODUCT: phase <= SUM;  // the pairs of this sample are being read
        SUM: begin
          total <= total + product;
          sample <= last_sample ? 32'd0 : sample + 32'd1;
          phase <= last_sample ? CHANGE : PRODUCT;
        end
        CHANGE: begin
          change <= ((signed_total <<< left) + chance) >>> right;
          phase <= WRITE;
        end
        WRITE: phase <= NEXT;
        NEXT:
        if (column != columns - 32'd1) begin
          column <= column + 32'd1;
          phase <= READ;
        end else begin
          column <= 32'd0;
          row <= row + 32'd1;
          row_key <= row_key + GOLDEN;
          skips <= 1'b1;
          phase <= row == rows - 32'd1 ? IDLE : LOOK;
          learned <= row == rows - 32'd1;
        end
        default: phase <= IDLE;
      endcase
  end
endmodule
`default_nettype wire
