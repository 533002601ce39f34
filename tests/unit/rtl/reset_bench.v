// Every register that may write a memory holds 1 while reset is high, every port that writes asks for it: no memory may
// change in the cycle of the reset, nor in those after it, in which nothing is asked for.
`timescale 1ns / 1ns
module reset_bench;
  reg clk = 0, reset = 1, ask = 1;
  integer i, wrong = 0;
  core #(.NEURONS(4), .AXONS(3), .LANES(2)) core (
      .clk(clk), .reset(reset), .load_weights(ask), .load_bias(ask), .load_at(32'd1), .load_word(16'd7),
      .load_bias_word(16'd7), .peek(1'b0), .go(1'b0), .heard(ask), .axon(2'd1), .tick(32'd1), .nudge(16'd0),
      .key(32'd1), .target_write(ask), .target_neuron(2'd1), .target_value(13'd7), .axon_write(ask), .axon_at(32'd1),
      .axon_activity(15'd7), .axon_moved(14'd7), .neuron_write(ask), .neuron_at(32'd1), .neuron_activity(15'd7),
      .neuron_moved(14'd7), .learn(1'b0), .learn_what(2'd0), .learn_first(32'd0), .learn_axons(32'd0),
      .learn_key(32'd0), .learn_right(6'd0), .learn_left(6'd0), .learn_minus(1'b0)
  );
  spike_list #(.SIZE(4), .A(2)) list (
      .clk(clk), .reset(reset), .turn(1'b0), .forget(1'b0), .write(ask), .id(2'd3), .next(1'b0)
  );
  outbox #(.SIZE(4), .N(2)) outbox (
      .clk(clk), .reset(reset), .turn(1'b0), .write(ask), .id(2'd3), .room(1'b0)
  );
  encoder #(.NEURONS(4)) encoder (
      .clk(clk), .reset(reset), .write(ask), .at(2'd1), .word(13'd7), .go(1'b0), .tick(32'd1)
  );
  flit_queue queue (.clk(clk), .reset(reset), .write(ask), .flit(8'd7), .gone(1'b0));
  always #1 clk = ~clk;
  task count(input changed);
    if (changed !== 1'b0) wrong = wrong + 1;
  endtask
  initial begin
    for (i = 0; i < 6; i = i + 1) core.weights[i] = 5;
    for (i = 0; i < 2; i = i + 1) core.sums[i] = 5;
    for (i = 0; i < 4; i = i + 1) begin
      core.states[i] = 5;
      core.biases[i] = 5;
      core.by_targets.targets[i] = 5;
      core.engine.neuron_pairs[i] = 5;
      encoder.values[i] = 5;
      encoder.residues[i] = 5;
      queue.places[i] = 5;
      outbox.spikes[i] = 1;
    end
    for (i = 0; i < 3; i = i + 1) core.engine.axon_pairs[i] = 5;
    for (i = 0; i < 8; i = i + 1) list.spikes[i] = 1;
    {core.phase, core.beat, core.beat0, core.beat1, core.count} = {3'd1, 34'd1, 16'd1};
    {core.add0, core.add1, core.clear1, core.valid1, core.clear_word, core.place} = {4'b1111, 1'b0, 32'd1};
    {core.read_weights, core.read_sums, core.second1, core.neuron1} = 0;
    core.pipeline.there = 12'hFFF;
    {core.pipeline.out_id, core.pipeline.out_state} = 0;
    {core.engine.row, core.engine.column, core.engine.sample} = 0;
    core.engine.phase = 4'd11;  // WRITE
    {encoder.busy, encoder.valid, encoder.id, encoder.count, encoder.last} = {2'b11, 2'd1, 3'd0};
    {encoder.read_value, encoder.read_residue} = 0;
    {list.side, list.written, outbox.written, queue.free} = 0;
    @(posedge clk) #0 {reset, ask} <= 0;
    repeat (9) @(posedge clk);
    for (i = 0; i < 6; i = i + 1) count(core.weights[i] !== 5);
    for (i = 0; i < 2; i = i + 1) count(core.sums[i] !== 5);
    for (i = 0; i < 4; i = i + 1) begin
      count(core.states[i] !== 5);
      count(core.biases[i] !== 5);
      count(core.by_targets.targets[i] !== 5);
      count(core.engine.neuron_pairs[i] !== 5);
      count(encoder.values[i] !== 5);
      count(encoder.residues[i] !== 5);
      count(queue.places[i] !== 5);
      count(outbox.spikes[i] !== 1);
    end
    for (i = 0; i < 3; i = i + 1) count(core.engine.axon_pairs[i] !== 5);
    for (i = 0; i < 8; i = i + 1) count(list.spikes[i] !== 1);
    $display("%0d", wrong);
    $finish;
  end
endmodule
