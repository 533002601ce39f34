// The engine that learns: products of what stood at both ends of a synapse, summed over the samples of a minibatch,
// shifted with a random word, and added to a weight that is read and written once (docs/fixed-point.md, "Learning").
`default_nettype none

module learning #(
    parameter NEURONS = 10, AXONS = 100, LANES = 4, WEIGHT_BITS = 8, SAMPLES = 1,
    parameter ACTIVITY_BITS = 15, MOVED_BITS = 14, BIAS_BITS = 16, STOCHASTIC = 1,
    parameter WORD_BITS = 16, NEURON_BITS = 8,
    parameter LEFT = 0, RIGHT = 32  // the furthest that a sum of products is shifted
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
  localparam integer C = $clog2((AXONS > NEURONS ? AXONS : NEURONS) + 1), Q = SAMPLES > 1 ? $clog2(SAMPLES) : 1;
  reg [C-1:0] row, column;
  reg [Q-1:0] sample;
  wire [C-1:0] rows = what == BIASES ? {{(C - 1) {1'b0}}, 1'b1} : what == COLUMNS ? NEURONS[C-1:0] : axons[C-1:0];
  wire [C-1:0] columns = what == COLUMNS ? axons[C-1:0] : NEURONS[C-1:0];
  wire [C-1:0] axon = first[C-1:0] + (what == COLUMNS ? column : row);
  wire [C-1:0] neuron = what == COLUMNS ? row : column;

  localparam [3:0] IDLE = 4'd0, LOOK = 4'd1, LOOKED = 4'd2, READ = 4'd3, PAIRS = 4'd4, PRODUCT = 4'd5, SUM = 4'd6,
      RAISE = 4'd7, CHANGE = 4'd8, LIMIT = 4'd9, KEEP = 4'd10, WRITE = 4'd11, NEXT = 4'd12;
  reg [3:0] phase;
  assign busy = phase != IDLE;

  reg [PAIR-1:0] axon_side, neuron_side;
  wire [31:0] axon_word = sample * AXONS + {{(32 - C) {1'b0}}, axon};
  wire [31:0] neuron_word = sample * NEURONS + {{(32 - C) {1'b0}}, neuron};
  always @(posedge clk) begin
    axon_side <= axon_pairs[axon_word];
    if (axon_write && !reset) axon_pairs[axon_at] <= {axon_activity, axon_moved};
  end
  always @(posedge clk) begin
    neuron_side <= neuron_pairs[neuron_word];
    if (neuron_write && !reset) neuron_pairs[neuron_at] <= {neuron_activity, neuron_moved};
  end
  wire signed [ACTIVITY_BITS-1:0] axon_was = axon_side[PAIR-1-:ACTIVITY_BITS];
  wire signed [MOVED_BITS-1:0] axon_went = axon_side[MOVED_BITS-1:0];
  wire signed [ACTIVITY_BITS-1:0] neuron_was = neuron_side[PAIR-1-:ACTIVITY_BITS];
  wire signed [MOVED_BITS-1:0] neuron_went = neuron_side[MOVED_BITS-1:0];
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

  // One product is held in P bits, the sum of those of all samples in T, and what it is shifted from in U.
  localparam integer P = ACTIVITY_BITS + MOVED_BITS + 1, T = P + $clog2(SAMPLES + 1);
  // A change beyond what a weight (or bias) can hold is as good as one of V bits.
  localparam integer V = BIAS_BITS > WEIGHT_BITS ? BIAS_BITS + 2 : WEIGHT_BITS + 2;
  localparam integer R = RIGHT > 0 ? RIGHT : 1;
  localparam integer U = (T + LEFT > R + 1 ? (T + LEFT > V ? T + LEFT : V) : (R + 1 > V ? R + 1 : V)) + 1;
  reg signed [T-1:0] total;
  reg signed [P-1:0] product;
  reg signed [P-1:0] both;
  reg signed [T-1:0] signed_total;
  reg signed [U-1:0] wide_total, wide_chance;
  reg [R:0] one;
  reg [R-1:0] chance;
  reg signed [U-1:0] raised, change;

  // The weight, or bias, among those of its word.
  localparam integer Z = LANES > 1 ? $clog2(LANES) : 1;
  wire [31:0] wide_neuron = {{(32 - C) {1'b0}}, neuron};
  reg [C-1:0] axon1;
  reg [31:0] word_of;  // two cycles behind; a row stays for more
  always @(posedge clk)
    if (busy) begin
      axon1 <= axon;
      word_of <= {{(32 - C) {1'b0}}, axon1} * WORDS + wide_neuron / LANES;
    end
  wire [31:0] lane_of = wide_neuron % LANES;
  wire [Z-1:0] lane = lane_of[Z-1:0];
  assign word = word_of[WORD_BITS-1:0];
  assign bias_at = wide_neuron[NEURON_BITS-1:0];
  wire [WEIGHT_BITS-1:0] weight = held[lane*WEIGHT_BITS+:WEIGHT_BITS];
  localparam signed [U-1:0] FAR = {{(U - V + 1) {1'b0}}, {(V - 1) {1'b1}}};
  reg signed [V:0] near;
  reg [WEIGHT_BITS-1:0] new_weight;
  reg [BIAS_BITS-1:0] new_bias;
  reg signed [U-1:0] limited;
  localparam signed [V:0] MOST = (1 << (WEIGHT_BITS - 1)) - 1, MOST_BIAS = (1 << (BIAS_BITS - 1)) - 1;
  reg signed [V:0] wanted, kept, wanted_bias, kept_bias;
  assign writes = phase == WRITE && what != BIASES;
  // A simulator merges a word when it is written, and no other.
`ifdef SYNTHESIS
  wire works = 1'b1;
`else
  wire works = phase == WRITE;
`endif
  reg [LANES*WEIGHT_BITS-1:0] merged;
  always @* begin
    merged = held;
    if (works) merged[lane*WEIGHT_BITS+:WEIGHT_BITS] = new_weight;
  end
  assign changed = merged;
  assign bias_writes = phase == WRITE && what == BIASES;
  assign bias_new = new_bias;

  reg skips;
  wire last_sample = {{(32 - Q) {1'b0}}, sample} == SAMPLES - 1;
  always @(posedge clk) begin
    learned <= 1'b0;
    if (reset) phase <= IDLE;
    else
      case (phase)
        IDLE: if (learn) begin
          row <= {C{1'b0}};
          column <= {C{1'b0}};
          sample <= {Q{1'b0}};
          row_key <= key;
          skips <= 1'b1;
          phase <= LOOK;
        end
        LOOK: phase <= LOOKED;  // the pair of this sample is being read
        LOOKED: begin
          skips <= skips && row_is_zero && what != BIASES;
          sample <= last_sample ? {Q{1'b0}} : sample + {{(Q - 1) {1'b0}}, 1'b1};
          random <= after(after(row_key == 32'd0 ? GOLDEN : row_key));
          if (last_sample && skips && row_is_zero && what != BIASES) begin
            column <= columns - {{(C - 1) {1'b0}}, 1'b1};
            phase <= NEXT;
          end else phase <= last_sample ? READ : LOOK;
        end
        READ: begin
          total <= {T{1'b0}};
          random <= after(random);
          phase <= PAIRS;
        end
        PAIRS: phase <= PRODUCT;  // the pairs of this sample are being read
        PRODUCT: begin
          both = axon_was * neuron_went + axon_went * neuron_was;
          product <= what == BIASES ? {{(P - MOVED_BITS) {neuron_side[MOVED_BITS-1]}}, neuron_went} : both;
          phase <= SUM;
        end
        SUM: begin
          total <= total + {{(T - P) {product[P-1]}}, product};
          sample <= last_sample ? {Q{1'b0}} : sample + {{(Q - 1) {1'b0}}, 1'b1};
          phase <= last_sample ? RAISE : PAIRS;
        end
        RAISE: begin
          signed_total = minus ? -total : total;
          wide_total = {{(U - T) {signed_total[T-1]}}, signed_total};
          one = {{R{1'b0}}, 1'b1} << right;
          chance = STOCHASTIC != 0 ? random[R-1:0] & (one[R-1:0] - {{(R - 1) {1'b0}}, 1'b1}) : one[R:1];
          wide_chance = {{(U - R) {1'b0}}, chance};
          raised <= (LEFT != 0 ? wide_total <<< left : wide_total) + wide_chance;
          phase <= CHANGE;
        end
        CHANGE: begin
          change <= raised >>> right;
          phase <= LIMIT;
        end
        LIMIT: begin
          limited = change > FAR ? FAR : change < -FAR ? -FAR : change;
          near <= limited[V:0];
          phase <= KEEP;
        end
        KEEP: begin
          wanted = {{(V + 1 - WEIGHT_BITS) {weight[WEIGHT_BITS-1]}}, weight} + near;
          kept = wanted > MOST ? MOST : wanted < -MOST - 1 ? -MOST - 1 : wanted;
          wanted_bias = {{(V + 1 - BIAS_BITS) {bias[BIAS_BITS-1]}}, bias} + near;
          kept_bias = wanted_bias > MOST_BIAS ? MOST_BIAS : wanted_bias < -MOST_BIAS ? -MOST_BIAS : wanted_bias;
          new_weight <= kept[WEIGHT_BITS-1:0];
          new_bias <= kept_bias[BIAS_BITS-1:0];
          phase <= WRITE;
        end
        WRITE: phase <= NEXT;
        NEXT:
        if (column != columns - {{(C - 1) {1'b0}}, 1'b1}) begin
          column <= column + {{(C - 1) {1'b0}}, 1'b1};
          phase <= READ;
        end else begin
          column <= {C{1'b0}};
          row <= row + {{(C - 1) {1'b0}}, 1'b1};
          row_key <= row_key + GOLDEN;
          skips <= 1'b1;
          phase <= row == rows - {{(C - 1) {1'b0}}, 1'b1} ? IDLE : LOOK;
          learned <= row == rows - {{(C - 1) {1'b0}}, 1'b1};
        end
        default: phase <= IDLE;
      endcase
  end
endmodule
`default_nettype wire
