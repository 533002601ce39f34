// One core: axons in, weights, accumulators, the neurons one after the other, and the engine that learns.
// A tick: the weights of each axon that fired are added up, LANES at a time; then every neuron is updated.
`default_nettype none

module core #(
    parameter NEURONS = 10, AXONS = 100, LANES = 4, WEIGHT_BITS = 8,
    parameter SECOND = AXONS,  // the first axon of the second source
    parameter SHIFT0 = 0, SHIFT1 = 0,  // of the weighted sums of both sources, to the left
    parameter SUM_BITS = 32,  // of a weighted sum
    parameter SAMPLES = 1,  // of a minibatch
    parameter PULLED = 1,  // whether a nudge can pull the neurons towards targets
    parameter LEFT = 0, RIGHT = 32,  // the furthest that the engine shifts a sum of products
    parameter ACTIVITY_BITS = 15,  // of what stands before a synapse, sign included
    parameter STATE_WHOLE = 3, STATE_FRACTION = 12,
    parameter MEMBRANE_WHOLE = 3, MEMBRANE_FRACTION = 14,
    parameter RESIDUE_WHOLE = 3, RESIDUE_FRACTION = 12,
    parameter ERROR_WHOLE = 3, ERROR_FRACTION = 12,
    parameter BIAS_WHOLE = 3, BIAS_FRACTION = 12,
    parameter SUM_FRACTION = 7, DECAY = 2, ANNEALING = 2, FORGETTING = 5, ROUNDING = 1,
    parameter STOCHASTIC = 1,  // how weights are rounded: 1 by random words, 0 to nearest
    // Widths that follow.
    parameter N = NEURONS > 1 ? $clog2(NEURONS) : 1, A = $clog2(AXONS + 1),
    parameter S = STATE_FRACTION + 1, G = 1 + BIAS_WHOLE + BIAS_FRACTION
) (
    input wire clk,
    input wire reset,
    // From the host: words of weights, LANES to a word, and biases.
    input wire load_weights, load_bias,
    input wire [31:0] load_at,
    input wire [LANES*WEIGHT_BITS-1:0] load_word,
    input wire [G-1:0] load_bias_word,
    // To the host, a cycle later: the word of weights, and the bias, at `load_at`.
    input wire peek,
    output wire [LANES*WEIGHT_BITS-1:0] held_weights,
    output wire [G-1:0] held_bias,
    // The axons that fired, one after the other: `heard` while there is one, `next` takes it.
    input wire go,
    input wire heard,
    input wire [A-1:0] axon,
    output wire next,
    // What holds for this tick, and for this presentation.
    input wire [31:0] tick,
    input wire [15:0] nudge,
    input wire [31:0] key,
    input wire target_write,
    input wire [N-1:0] target_neuron,
    input wire [S-1:0] target_value,
    // Spikes, and the values beside them.
    output wire updated,
    output wire [N-1:0] neuron,
    output wire fired,
    output wire [S-1:0] value,
    output reg done,
    // Learning: what stood at both ends in each sample, then one command for each source.
    input wire axon_write,
    input wire [31:0] axon_at,
    input wire signed [ACTIVITY_BITS-1:0] axon_activity,
    input wire signed [S:0] axon_moved,
    input wire neuron_write,
    input wire [31:0] neuron_at,
    input wire signed [ACTIVITY_BITS-1:0] neuron_activity,
    input wire signed [S:0] neuron_moved,
    input wire learn,
    input wire [1:0] learn_what,
    input wire [31:0] learn_first, learn_axons, learn_key,
    input wire [5:0] learn_right, learn_left,
    input wire learn_minus,
    output wire learned
);
  localparam integer WORDS = (NEURONS + LANES - 1) / LANES;  // of weights for one axon
  localparam integer BEATS = WORDS > 1 ? WORDS : 2;  // a sum is written before it is read again
  localparam integer W = $clog2(AXONS * WORDS + 1), K = WORDS > 1 ? $clog2(WORDS) : 1;
  localparam integer LANE = LANES > 1 ? $clog2(LANES) : 1;
  localparam integer STATE_BITS = 1 + MEMBRANE_WHOLE + MEMBRANE_FRACTION + S + 1 + RESIDUE_WHOLE + RESIDUE_FRACTION
      + (ANNEALING == 2 ? 1 + STATE_WHOLE + ERROR_FRACTION + 8 + 1 + ERROR_WHOLE + ERROR_FRACTION + 5
                          + 2 * ERROR_WHOLE + ERROR_FRACTION + 5 + 13 : 0);

  reg [LANES*WEIGHT_BITS-1:0] weights[0:AXONS*WORDS-1];
  reg [LANES*SUM_BITS-1:0] sums[0:WORDS-1];
  reg [STATE_BITS-1:0] states[0:NEURONS-1];
  reg [G-1:0] biases[0:NEURONS-1];
  // Sums begin at 0; a chip without such memories sees to that by a first tick that hears nothing.
`ifndef SYNTHESIS
  integer i;
  initial for (i = 0; i < WORDS; i = i + 1) sums[i] = {(LANES * SUM_BITS) {1'b0}};
`endif

  // ---- the tick
  localparam [2:0] IDLE = 3'd0, ADD = 3'd1, FLUSH = 3'd2, UPDATE = 3'd3, DRAIN = 3'd4;
  reg [2:0] phase;
  reg [15:0] beat, count;
  wire adding = phase == ADD && heard;
  wire last_beat = beat == BEATS[15:0] - 16'd1;
  assign next = adding && last_beat;

  // Accumulate: a word of weights and a word of sums are read, then added and written back.
  wire engine_reads, engine_writes;
  wire [W-1:0] engine_word;
  wire [LANES*WEIGHT_BITS-1:0] engine_weights;
  reg [31:0] place;
  reg add0, second0;
  reg [K-1:0] beat0;
  wire [W-1:0] word = load_weights || peek ? load_at[W-1:0] : engine_reads ? engine_word : place[W-1:0];
  reg [LANES*WEIGHT_BITS-1:0] read_weights;
  reg [LANES*SUM_BITS-1:0] read_sums;
  reg add1, second1;
  reg [K-1:0] beat1;
  reg [LANES*SUM_BITS-1:0] added;
  reg signed [SUM_BITS-1:0] weight;
  integer k;
  // Update: one neuron a cycle enters the pipeline.
  reg valid1, clear1;
  reg [N-1:0] neuron1;
  reg [LANE-1:0] lane1;
  reg [STATE_BITS-1:0] read_state;
  reg [G-1:0] read_bias;
  wire [S-1:0] read_target;
  reg [31:0] row, chance;
  wire [15:0] words_done = count / LANES;
  wire [15:0] lane_now = count % LANES;
  wire [K-1:0] sum_word = phase == UPDATE ? words_done[K-1:0] : beat0;
  reg [K-1:0] clear_word;
  wire leaves;
  wire [N-1:0] left;
  wire [STATE_BITS-1:0] new_state;

  function [31:0] after(input [31:0] x);  // xorshift, Marsaglia 2003
    reg [31:0] a, b;
    begin
      a = x ^ (x << 13);
      b = a ^ (a >> 17);
      after = b ^ (b << 5);
    end
  endfunction
  localparam [31:0] GOLDEN = 32'h9E3779B9;
  wire [31:0] this_row = (tick == 32'd1 ? key : row) + GOLDEN;

  always @(posedge clk) begin
    done <= 1'b0;
    place <= {{(32 - A) {1'b0}}, axon} * WORDS + {16'd0, beat};
    add0 <= adding && beat < WORDS[15:0];
    beat0 <= beat[K-1:0];
    second0 <= {{(32 - A) {1'b0}}, axon} >= SECOND;
    add1 <= add0;
    beat1 <= beat0;
    second1 <= second0;
    valid1 <= 1'b0;
    clear1 <= 1'b0;
    if (reset) begin
      phase <= IDLE;
      {add0, add1} <= 2'd0;
      beat <= 16'd0;
      count <= 16'd0;
    end else
      case (phase)
        IDLE: if (go) begin
          phase <= ADD;
          row <= this_row;
        end
        ADD:
        if (heard) begin
          beat <= last_beat ? 16'd0 : beat + 16'd1;
        end else phase <= FLUSH;
        FLUSH: begin  // the last weights are added
          phase <= UPDATE;
          chance <= after(after(after(row == 32'd0 ? GOLDEN : row)));
        end
        UPDATE: begin
          valid1 <= 1'b1;
          neuron1 <= count[N-1:0];
          lane1 <= lane_now[LANE-1:0];
          clear1 <= lane_now == LANES - 1 || count == NEURONS[15:0] - 16'd1;
          clear_word <= words_done[K-1:0];
          if (valid1) chance <= after(chance);
          count <= count + 16'd1;
          if (count == NEURONS[15:0] - 16'd1) begin
            phase <= DRAIN;
            count <= 16'd0;
          end
        end
        DRAIN: begin
          if (valid1) chance <= after(chance);
          if (leaves && left == NEURONS[N-1:0] - {{(N - 1) {1'b0}}, 1'b1}) begin
            phase <= IDLE;
            done <= 1'b1;
          end
        end
        default: phase <= IDLE;
      endcase
  end

  // Memories. That of the weights has one port, which reads or writes; the others one for each. None is written while
  // reset is high: registers hold anything until then.
  always @(posedge clk)
    if (!reset && (load_weights || engine_writes)) weights[word] <= load_weights ? load_word : engine_weights;
    else read_weights <= weights[word];
  always @(posedge clk) begin
    read_sums <= sums[sum_word];
    if (add1 && !reset) begin
      for (k = 0; k < LANES; k = k + 1) begin
        weight = {{(SUM_BITS - WEIGHT_BITS) {read_weights[k*WEIGHT_BITS+WEIGHT_BITS-1]}},
                  read_weights[k*WEIGHT_BITS+:WEIGHT_BITS]};
        added[k*SUM_BITS+:SUM_BITS] =
            read_sums[k*SUM_BITS+:SUM_BITS] + (second1 ? weight <<< SHIFT1 : weight <<< SHIFT0);
      end
      sums[beat1] <= added;
    end else if (clear1 && !reset) sums[clear_word] <= {(LANES * SUM_BITS) {1'b0}};
  end
  always @(posedge clk) begin
    read_state <= states[count[N-1:0]];
    if (leaves && !reset) states[left] <= new_state;
  end
  wire bias_writes;
  wire [N-1:0] bias_at;
  wire [G-1:0] bias_new;
  always @(posedge clk) begin
    read_bias <= biases[engine_reads ? bias_at : peek ? load_at[N-1:0] : count[N-1:0]];
    if (!reset && (load_bias || bias_writes))
      biases[load_bias ? load_at[N-1:0] : bias_at] <= load_bias ? load_bias_word : bias_new;
  end
  generate
    if (PULLED != 0) begin : by_targets
      reg [S-1:0] targets[0:NEURONS-1];
      reg [S-1:0] read;
      always @(posedge clk) begin
        read <= targets[count[N-1:0]];
        if (target_write && !reset) targets[target_neuron] <= target_value;
      end
      assign read_target = read;
    end else assign read_target = {S{1'b0}};
  endgenerate

  neuron #(
      .STATE_WHOLE(STATE_WHOLE), .STATE_FRACTION(STATE_FRACTION),
      .MEMBRANE_WHOLE(MEMBRANE_WHOLE), .MEMBRANE_FRACTION(MEMBRANE_FRACTION),
      .RESIDUE_WHOLE(RESIDUE_WHOLE), .RESIDUE_FRACTION(RESIDUE_FRACTION),
      .ERROR_WHOLE(ERROR_WHOLE), .ERROR_FRACTION(ERROR_FRACTION),
      .BIAS_BITS(G), .BIAS_FRACTION(BIAS_FRACTION), .SUM_BITS(SUM_BITS), .SUM_FRACTION(SUM_FRACTION),
      .DECAY(DECAY), .ANNEALING(ANNEALING), .FORGETTING(FORGETTING), .ROUNDING(ROUNDING), .ID_BITS(N)
  ) pipeline (
      .clk(clk), .reset(reset), .valid(valid1), .id(neuron1), .sum(read_sums[lane1*SUM_BITS+:SUM_BITS]),
      .state(read_state), .bias(read_bias), .target(read_target), .nudge(PULLED != 0 ? nudge : 16'd0), .tick(tick),
      .chance(chance[30:0]), .out_valid(leaves), .out_id(left), .out_state(new_state),
      .out_value(value), .out_spike(fired)
  );
  assign updated = leaves;
  assign held_weights = read_weights;
  assign held_bias = read_bias;
  assign neuron = left;

  learning #(
      .NEURONS(NEURONS), .AXONS(AXONS), .LANES(LANES), .WEIGHT_BITS(WEIGHT_BITS), .SAMPLES(SAMPLES),
      .ACTIVITY_BITS(ACTIVITY_BITS), .MOVED_BITS(S + 1), .BIAS_BITS(G), .STOCHASTIC(STOCHASTIC), .WORD_BITS(W),
      .NEURON_BITS(N), .LEFT(LEFT), .RIGHT(RIGHT)
  ) engine (
      .clk(clk), .reset(reset),
      .axon_write(axon_write), .axon_at(axon_at), .axon_activity(axon_activity), .axon_moved(axon_moved),
      .neuron_write(neuron_write), .neuron_at(neuron_at), .neuron_activity(neuron_activity),
      .neuron_moved(neuron_moved),
      .learn(learn), .what(learn_what), .first(learn_first), .axons(learn_axons), .key(learn_key),
       .right(learn_right), .left(learn_left), .minus(learn_minus), .learned(learned),
      .busy(engine_reads), .word(engine_word), .held(read_weights), .writes(engine_writes), .changed(engine_weights),
      .bias_at(bias_at), .bias(read_bias), .bias_writes(bias_writes), .bias_new(bias_new)
  );
endmodule
`default_nettype wire
