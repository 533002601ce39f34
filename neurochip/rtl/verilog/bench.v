// The bench: it carries out vectors.txt on the chip, and compares every spike, value, weight and bias with what stands there.
// Lines that begin with MISMATCH say where they differ; the last line says how much was compared.
`default_nettype none

module bench #(
    parameter CORES = 2, ENCODERS = 1, TOTAL = 110, SAMPLES = 1,
    parameter S = 13, ACTIVITY_BITS = 15, LOAD = 32, SHOWN = 20, PATIENCE = 100000000,
    // Cycles that no tick takes, and no command to learn.
    parameter [63:0] LEARNING = 64'd100000000
) (
    input wire clk,
    output reg presents,  // a presentation is under way
    output reg finished
);
  reg [7:0] code;
  // What neurons show in a tick, GROUP of them to a word: spike and value. All ones stand for a neuron that showed nothing.
  localparam integer GROUP = 16, SHOWS = (S + 4) / 4 * 4;
  reg [SHOWS-1:0] showed, expected;
  reg [GROUP*SHOWS-1:0] shows[0:(TOTAL+GROUP-1)/GROUP+CORES-1], expects;
  integer group_of[0:CORES];  // the first word of each core
  integer file, got, c, i, k, n, sample, at;
  integer comparisons, mismatches, presentation, tick, waited, ticks;
  integer first_of[0:CORES], cycles_of[0:CORES+ENCODERS-1], expected_cycles;
  // Spikes that the mesh brings a core in a tick: how many, the cycle of the last one, the sum of cycle * (axon + 1).
  integer brought[0:CORES-1], last_of[0:CORES-1], sum_of[0:CORES-1], expected_last, expected_sum;
  reg [31:0] value[0:TOTAL-1];
  reg [31:0] was[0:SAMPLES*TOTAL-1], went[0:SAMPLES*TOTAL-1];
  reg [2:0] phase;
  reg [63:0] cycles, learns, synaptic, ticking;  // ticking: cycles of ticks alone

  reg load_weights, load_bias;
  reg [LOAD-1:0] load_word, image_word;
  reg [8*64-1:0] name;
  integer image, words, biases, loaded;
  reg reset, go, turn, forget, input_write, key_write, target_write, axon_write, neuron_write, learn;
  reg [15:0] select, nudge;
  reg [31:0] tick_now, word, at_now;
  reg signed [ACTIVITY_BITS-1:0] activity;
  reg signed [S:0] moved;
  reg [1:0] what;
  reg [31:0] learn_first, learn_axons;
  reg [5:0] right, left;
  reg minus;
  wire [CORES+ENCODERS-1:0] updated, fired, done;
  wire [CORES-1:0] learned, arrives;
  wire idle;
  wire [CORES*32-1:0] came;
  wire [(CORES+ENCODERS)*32-1:0] neuron;
  wire [CORES*32-1:0] found;
  chip dut (
      .clk(clk), .reset(reset), .load_weights(load_weights), .load_bias(load_bias), .load_word(load_word),
      .peek(1'b0), .peek_bias(1'b0), .held(),
      .go(go), .turn(turn), .forget(forget), .tick(tick_now), .nudge(nudge),
      .input_write(input_write), .select(select), .at(at_now), .word(word), .key_write(key_write),
      .target_write(target_write), .axon_write(axon_write), .neuron_write(neuron_write), .activity(activity),
      .moved(moved), .learn(learn), .learn_what(what), .learn_first(learn_first), .learn_axons(learn_axons),
      .learn_right(right), .learn_left(left), .learn_minus(minus), .updated(updated), .neuron(neuron), .fired(fired),
      .value(found), .done(done), .learned(learned), .arrives(arrives), .came(came), .idle(idle)
  );
  reg [CORES+ENCODERS-1:0] over;

  localparam [2:0] NEXT = 3'd0, START = 3'd2, WAIT = 3'd3, LEARN = 3'd4, OUT = 3'd5,
      LOAD_WORDS = 3'd6, LOAD_BIASES = 3'd7;

  task differs(input integer core, input integer number, input [63:0] signal, input integer expected, input integer really);
    begin
      mismatches = mismatches + 1;
      if (mismatches <= SHOWN)
        $display("MISMATCH presentation %0d tick %0d core %0d neuron %0d %0s: expected %0d, found %0d",
                 presentation, tick, core, number, signal, expected, really);
    end
  endtask

  initial begin
    finished = 1'b0;
    presents = 1'b0;
    comparisons = 0;
    mismatches = 0;
    presentation = 0;
    tick = 0;
    ticks = 0;
    cycles = 64'd0;
    learns = 64'd0;
    synaptic = 64'd0;
    ticking = 64'd0;
    phase = NEXT;
    waited = 0;
    {reset, go, turn, forget, input_write, key_write, target_write, axon_write, neuron_write, learn} = 10'h200;
    {load_weights, load_bias} = 2'd0;
    load_word = {LOAD{1'b0}};
    image_word = {LOAD{1'b0}};
    image = 0;
    words = 0;
    biases = 0;
    loaded = 0;
    {select, nudge, tick_now, word, at_now, what, learn_first, learn_axons, right, left, minus} = 0;
    activity = 0;
    moved = 0;
    over = {(CORES + ENCODERS) {1'b0}};
    file = $fopen("vectors.txt", "r");
    if (file == 0) begin
      $display("ABSENT vectors.txt");
      finished = 1'b1;
    end else begin
      first_of[0] = 0;
      group_of[0] = 0;
      for (c = 0; c < CORES; c = c + 1) begin
        got = $fscanf(file, "%d", n);
        first_of[c+1] = first_of[c] + n;
        group_of[c+1] = group_of[c] + (n + GROUP - 1) / GROUP;
      end
      for (i = 0; i < group_of[CORES]; i = i + 1) shows[i] = {(GROUP * SHOWS) {1'b1}};
    end
  end

  always @(posedge clk) begin
    cycles <= cycles + 64'd1;
    {reset, go, turn, forget, input_write, key_write, target_write, axon_write, neuron_write, learn} <= 10'd0;
    {load_weights, load_bias} <= 2'd0;
    for (c = 0; c < CORES; c = c + 1)
      if (updated[c] && phase == WAIT) begin  // gates begin with anything, and may seem to update before they are reset
        n = neuron[32*c+:32];
        value[first_of[c]+n] = found[32*c+:32];
        shows[group_of[c]+n/GROUP][(n%GROUP)*SHOWS+:SHOWS] = {{(SHOWS - S - 1) {1'b0}}, fired[c], found[32*c+:S]};
      end
    if (!finished)
      case (phase)
        NEXT: begin
          got = $fscanf(file, " %c", code);
          if (got != 1) code = "?";  // it ends without an E
          case (code)
            "G": begin  // core, words of weights, biases: they are loaded from its images
              got = $fscanf(file, "%d %d %d", c, words, biases);
              select <= c[15:0];
              $sformat(name, "images/core%0d.weights.hex", c);
              image = $fopen(name, "r");
              loaded = 0;
              phase <= LOAD_WORDS;
            end
            "P": begin  // a presentation begins
              got = $fscanf(file, "%d", presentation);
              forget <= 1'b1;
              presents <= 1'b1;
            end
            "K": begin  // core, key of its generator in this presentation
              got = $fscanf(file, "%d %d", c, n);
              select <= c[15:0];
              word <= n;
              key_write <= 1'b1;
            end
            "Y": begin  // core, neuron, target
              got = $fscanf(file, "%d %d %d", c, i, n);
              select <= c[15:0];
              at_now <= i;
              word <= n;
              target_write <= 1'b1;
            end
            "X": begin  // core, input, value that it holds
              got = $fscanf(file, "%d %d %d", c, i, n);
              select <= c[15:0];
              at_now <= i;
              word <= n;
              input_write <= 1'b1;
            end
            "T": begin  // tick, nudge
              got = $fscanf(file, "%d %d", tick, n);
              tick_now <= tick;
              nudge <= n[15:0];
              phase <= START;
            end
            "F":  // sample: its values are those before the nudge
              begin
                got = $fscanf(file, "%d", sample);
                for (i = 0; i < TOTAL; i = i + 1) was[sample*TOTAL+i] = value[i];
              end
            "M":  // sample: these are those behind it
              begin
                got = $fscanf(file, "%d", sample);
                for (i = 0; i < TOTAL; i = i + 1) went[sample*TOTAL+i] = value[i];
                presents <= 1'b0;
              end
            "I": begin  // core, sample * axons + axon, value of an input
              got = $fscanf(file, "%d %d %d", c, i, n);
              select <= c[15:0];
              at_now <= i;
              activity <= n[ACTIVITY_BITS-1:0];
              moved <= {(S + 1) {1'b0}};
              axon_write <= 1'b1;
            end
            "A", "B": begin  // core, sample * axons + axon, sample, neuron of the chip; B: what moved does not count
              got = $fscanf(file, "%d %d %d %d", c, i, sample, n);
              select <= c[15:0];
              at_now <= i;
              at = sample * TOTAL + n;
              activity <= was[at][ACTIVITY_BITS-1:0];
              moved <= code == "A" ? went[at][S:0] - was[at][S:0] : {(S + 1) {1'b0}};
              axon_write <= 1'b1;
            end
            "N": begin  // core, sample * neurons + neuron, sample, neuron of the chip
              got = $fscanf(file, "%d %d %d %d", c, i, sample, n);
              select <= c[15:0];
              at_now <= i;
              at = sample * TOTAL + n;
              activity <= was[at][ACTIVITY_BITS-1:0];
              moved <= went[at][S:0] - was[at][S:0];
              neuron_write <= 1'b1;
            end
            "L": begin  // core, what, first axon, axons, key, right, left, minus
              got = $fscanf(file, "%d %d %d %d %d", c, i, n, at, sample);
              select <= c[15:0];
              what <= i[1:0];
              learn_first <= n;
              learn_axons <= at;
              word <= sample;
              got = $fscanf(file, "%d %d %d", i, n, at);
              right <= i[5:0];
              left <= n[5:0];
              minus <= at[0];
              learn <= 1'b1;
              learns = 64'd0;
              phase <= LEARN;
            end
            "W": begin  // core, word of weights, expected
              got = $fscanf(file, "%d", c);
              compare_weights(c);
            end
            "E": begin
              $display("DONE comparisons %0d mismatches %0d cycles %0d ticks %0d synaptic %0d ticking %0d", comparisons,
                       mismatches, cycles, ticks, synaptic, ticking);
              finished <= 1'b1;
            end
            default: begin
              $display("CUT vectors.txt");
              finished <= 1'b1;
            end
          endcase
        end
        START: begin
          go <= 1'b1;
          over = {(CORES + ENCODERS) {1'b0}};
          waited = 0;
          for (c = 0; c < CORES; c = c + 1) {brought[c], last_of[c], sum_of[c]} = 0;
          phase <= WAIT;
        end
        WAIT: begin
          waited = waited + 1;
          for (c = 0; c < CORES + ENCODERS; c = c + 1) if (done[c] && !over[c]) cycles_of[c] = waited;
          over = over | done;
          for (c = 0; c < CORES; c = c + 1)
            if (arrives[c]) begin
              brought[c] = brought[c] + 1;
              last_of[c] = waited;
              sum_of[c] = sum_of[c] + waited * (came[32*c+:32] + 32'd1);
            end
          if (&over && idle) begin
            ticks = ticks + 1;
            ticking = ticking + {32'd0, waited};
            compare_tick;
            turn <= 1'b1;
            phase <= OUT;
          end else if (waited > PATIENCE) begin
            $display("HANG presentation %0d tick %0d", presentation, tick);
            finished <= 1'b1;
          end
        end
        OUT: phase <= NEXT;
        LOAD_WORDS: begin
          if (image != 0) got = $fscanf(image, "%h", image_word);
          load_word <= image_word;
          at_now <= loaded;
          load_weights <= 1'b1;
          loaded = loaded + 1;
          if (loaded == words) begin
            if (image != 0) $fclose(image);
            $sformat(name, "images/core%0d.biases.hex", select);
            image = $fopen(name, "r");
            loaded = 0;
            phase <= LOAD_BIASES;
          end
        end
        LOAD_BIASES: begin
          if (image != 0) got = $fscanf(image, "%h", image_word);
          load_word <= image_word;
          at_now <= loaded;
          load_bias <= 1'b1;
          loaded = loaded + 1;
          if (loaded == biases) begin
            if (image != 0) $fclose(image);
            phase <= NEXT;
          end
        end
        LEARN: begin
          learns = learns + 64'd1;
          if (|learned) phase <= NEXT;
          else if (learns > LEARNING) begin
            $display("HANG presentation %0d, learning", presentation);
            finished <= 1'b1;
          end
        end
        default: phase <= NEXT;
      endcase
  end

  // Of each core: synaptic operations and cycles of this tick; spikes that the mesh brings, the cycle of the last one,
  // the sum of cycle * (axon + 1); then what its neurons show, word by word. Behind them the cycles of each core of inputs,
  // and those of the whole tick.
  task compare_tick;
    begin
      for (c = 0; c < CORES; c = c + 1) begin
        got = $fscanf(file, "%d %d", n, expected_cycles);
        synaptic = synaptic + {32'd0, n};
        comparisons = comparisons + 1;
        if (cycles_of[c] != expected_cycles) differs(c, 0, "cycles", expected_cycles, cycles_of[c]);
        got = $fscanf(file, "%d %d %d", n, expected_last, expected_sum);
        comparisons = comparisons + 3;
        if (brought[c] != n) differs(c, 0, "brought", n, brought[c]);
        if (last_of[c] != expected_last) differs(c, 0, "arrival", expected_last, last_of[c]);
        if (sum_of[c] != expected_sum) differs(c, 0, "arrivals", expected_sum, sum_of[c]);
        comparisons = comparisons + 2 * (first_of[c+1] - first_of[c]);
        for (i = group_of[c]; i < group_of[c+1]; i = i + 1) begin
          got = $fscanf(file, "%h", expects);
          if (shows[i] !== expects) name_differences;
        end
      end
      for (c = CORES; c < CORES + ENCODERS; c = c + 1) begin
        got = $fscanf(file, "%d", expected_cycles);
        comparisons = comparisons + 1;
        if (cycles_of[c] != expected_cycles) differs(c, 0, "cycles", expected_cycles, cycles_of[c]);
      end
      got = $fscanf(file, "%d", expected_cycles);
      comparisons = comparisons + 1;
      if (waited != expected_cycles) differs(0, 0, "tick", expected_cycles, waited);
    end
  endtask
  // Those of word `i` of core `c`.
  task name_differences;
    for (k = 0; k < GROUP; k = k + 1) begin
      showed = shows[i][k*SHOWS+:SHOWS];
      expected = expects[k*SHOWS+:SHOWS];
      n = (i - group_of[c]) * GROUP + k;
      if (showed[S] !== expected[S]) differs(c, n, "spike", {31'd0, expected[S]}, {31'd0, showed[S]});
      if (showed[S-1:0] !== expected[S-1:0])
        differs(c, n, "value", {{(32 - S) {1'b0}}, expected[S-1:0]}, {{(32 - S) {1'b0}}, showed[S-1:0]});
    end
  endtask
`include "compare.vh"
endmodule
`default_nettype wire
