// The neuron that settles, one a cycle: from its weighted sum to its spike in DEPTH cycles.
// The steps are those of docs/fixed-point.md, "A tick of a neuron", in their order.
`default_nettype none

// A signed number of so many bits as one of 64: nothing below can overflow.
`define WIDE(number, bits) $signed({{(64 - (bits)) {number[(bits) - 1]}}, number})
// The same of a number without a sign.
`define PLAIN(number, bits) $signed({{(64 - (bits)) {1'b0}}, number})

module delay #(parameter WIDTH = 1, CYCLES = 1) (
    input wire clk,
    input wire moves,
    input wire [WIDTH-1:0] in,
    output wire [WIDTH-1:0] out
);
  reg [WIDTH-1:0] line[0:CYCLES-1];
  integer k;
  always @(posedge clk)
    if (moves) begin
      line[0] <= in;
      for (k = 1; k < CYCLES; k = k + 1) line[k] <= line[k-1];
    end
  assign out = line[CYCLES-1];
endmodule

module neuron #(
    parameter STATE_WHOLE = 3, STATE_FRACTION = 12,  // of net inputs; values have the fraction
    parameter MEMBRANE_WHOLE = 3, MEMBRANE_FRACTION = 14,
    parameter RESIDUE_WHOLE = 3, RESIDUE_FRACTION = 12,
    parameter ERROR_WHOLE = 3, ERROR_FRACTION = 12,  // of the error that OSA sees
    parameter BIAS_BITS = 16, BIAS_FRACTION = 12,
    parameter SUM_BITS = 32, SUM_FRACTION = 7,
    parameter DECAY = 2,  // -log2 of lambda
    parameter ANNEALING = 2,  // 0 constant, 1 shift, 2 optimal step sizes
    parameter FORGETTING = 5,  // the largest shift of the annealer
    parameter ROUNDING = 1,  // 0 floor, 1 nearest, 2 stochastic
    parameter ID_BITS = 8,
    // Widths that follow.
    parameter V = 1 + MEMBRANE_WHOLE + MEMBRANE_FRACTION,
    parameter S = STATE_FRACTION + 1,
    parameter H = 1 + RESIDUE_WHOLE + RESIDUE_FRACTION,
    parameter T = 1 + STATE_WHOLE + ERROR_FRACTION + 8,
    parameter B = 1 + ERROR_WHOLE + ERROR_FRACTION + 5,
    parameter D = 2 * ERROR_WHOLE + ERROR_FRACTION + 5,
    parameter L = 13,
    parameter STATE_BITS = V + S + H + (ANNEALING == 2 ? T + B + D + L : 0)
) (
    input wire clk,
    input wire reset,
    input wire valid,
    input wire [ID_BITS-1:0] id,
    input wire [SUM_BITS-1:0] sum,
    input wire [STATE_BITS-1:0] state,
    input wire [BIAS_BITS-1:0] bias,
    input wire [S-1:0] target,
    input wire [15:0] nudge,  // 2 beta in units of 1/256, 0 in a free phase
    input wire [31:0] tick,  // from 1
    input wire [30:0] chance,  // random bits
    output wire out_valid,
    output reg [ID_BITS-1:0] out_id,
    output reg [STATE_BITS-1:0] out_state,
    output reg [S-1:0] out_value,
    output reg out_spike
);
  localparam integer F = STATE_FRACTION, M = MEMBRANE_FRACTION, R = RESIDUE_FRACTION, E = ERROR_FRACTION;
  localparam integer P = 1 + STATE_WHOLE + F;  // bits of a net input
  localparam integer X = 1 + ERROR_WHOLE + E;  // of an error
  localparam integer A = S + DECAY + 2;  // of what is to be encoded

  function signed [63:0] near(input signed [63:0] x, input integer places);
    near = (x + ((64'sd1 <<< places) >>> 1)) >>> places;
  endfunction
  function signed [63:0] align(input signed [63:0] x, input integer have, input integer want);
    align = want >= have ? x <<< (want - have) : near(x, have - want);
  endfunction
  function signed [63:0] hold(input signed [63:0] x, input integer bits);  // sign included; by bits, with no subtraction
    reg signed [63:0] above, low;
    begin
      above = x >>> (bits - 1);
      low = x & ((64'sd1 <<< (bits - 1)) - 1);
      hold = !x[63] && |above ? (64'sd1 <<< (bits - 1)) - 1
           : x[63] && (!(&above) || !(|low)) ? 1 - (64'sd1 <<< (bits - 1)) : x;
    end
  endfunction
  function [5:0] msb(input [63:0] x);
    integer k;
    begin
      msb = 6'd0;
      for (k = 1; k < 64; k = k + 1) if (x[k]) msb = k[5:0];
    end
  endfunction

  // The shift of the annealer in this tick, shared by all neurons: of the root of 2 by a table.
  function [31:0] root(input integer k);  // the least t with t * t >= 2^(2k - 1)
    case (k)
      1: root = 32'd2;
      2: root = 32'd3;
      3: root = 32'd6;
      4: root = 32'd12;
      5: root = 32'd23;
      6: root = 32'd46;
      7: root = 32'd91;
      8: root = 32'd182;
      9: root = 32'd363;
      10: root = 32'd725;
      11: root = 32'd1449;
      12: root = 32'd2897;
      13: root = 32'd5793;
      14: root = 32'd11586;
      default: root = 32'd23171;
    endcase
  endfunction
  function [3:0] schedule(input [31:0] t);
    integer k;
    begin
      schedule = 4'd0;
      for (k = 1; k <= FORGETTING; k = k + 1)
        if (t >= (ANNEALING == 2 ? root(k) : 32'd1 << k)) schedule = k[3:0];
    end
  endfunction
  wire [3:0] shift = ANNEALING == 0 ? FORGETTING[3:0] : schedule(tick);
  wire opening = tick == 32'd1;

  // Where neurons are in the pipeline; a simulator passes over one that is empty.
  reg [11:0] there;
  always @(posedge clk) there <= reset ? 12'd0 : {there[10:0], valid};
`ifdef SYNTHESIS
  wire moves = 1'b1;
`else
  wire moves = valid || |there;
`endif

  // At rest everything is 0.
  wire [STATE_BITS-1:0] known = opening ? {STATE_BITS{1'b0}} : state;
  wire [V-1:0] v0 = known[STATE_BITS-1 -: V];
  wire [S-1:0] s0 = known[STATE_BITS-V-1 -: S];
  wire [H-1:0] h0 = known[STATE_BITS-V-S-1 -: H];

  // 1. Sum
  reg [P-1:0] u1;
  reg signed [63:0] u;
  always @(posedge clk)
    if (moves) begin
      u = hold(align(`WIDE(sum, SUM_BITS), SUM_FRACTION, F), P);
      u1 <= u[P-1:0];
    end

  // 2. Decode
  wire [V-1:0] v1;
  delay #(V, 1) from0_v (clk, moves, v0, v1);
  reg [V-1:0] v2;
  reg signed [63:0] v;
  always @(posedge clk)
    if (moves) begin
      v = hold(`WIDE(v1, V) + near((`WIDE(u1, P) <<< (M - F)) - `WIDE(v1, V), DECAY), V);
      v2 <= v[V-1:0];
    end

  // 3. Net input
  wire [S-1:0] s2, y2;
  wire [BIAS_BITS-1:0] bias2;
  delay #(S, 2) from0_s (clk, moves, s0, s2);
  delay #(S, 2) from0_y (clk, moves, target, y2);
  delay #(BIAS_BITS, 2) from0_bias (clk, moves, bias, bias2);
  reg [P-1:0] p3;
  reg signed [63:0] pull, p;
  always @(posedge clk)
    if (moves) begin
      pull = near(`WIDE(nudge, 16) * (`PLAIN(y2, S) - `PLAIN(s2, S)), 8);
      p = hold(near(`WIDE(v2, V), M - F) + align(`WIDE(bias2, BIAS_BITS), BIAS_FRACTION, F) + pull, P);
      p3 <= p[P-1:0];
    end

  // What goes back to memory, as it leaves the last stage.
  wire [V-1:0] v11;
  reg [S-1:0] s11;
  reg [STATE_BITS-1:0] new_state;
  reg signed [63:0] h;
  delay #(V, 9) from2_v (clk, moves, v2, v11);

  // 4. Step size: 12 fraction bits
  wire [12:0] step9;
  wire [P-1:0] p9;
  wire [S-1:0] s9;
  delay #(P, 6) from3_p (clk, moves, p3, p9);
  delay #(S, 7) from2_s (clk, moves, s2, s9);
  generate
    if (ANNEALING != 2) begin : by_shift
      assign step9 = 13'd4096 >> shift;
      always @* new_state = {v11, s11, h[H-1:0]};
    end else begin : by_variance
      wire [T-1:0] t0 = known[STATE_BITS-V-S-H-1 -: T];
      wire [T-1:0] t3;
      wire [B-1:0] b0 = known[L+D+B-1 -: B];
      wire [B-1:0] b4;
      wire [D-1:0] d0 = known[L+D-1 -: D];
      wire [D-1:0] d5;
      wire [L-1:0] l0 = known[L-1:0];
      wire [L-1:0] l7;
      delay #(T, 3) from0_t (clk, moves, t0, t3);
      delay #(B, 4) from0_b (clk, moves, b0, b4);
      delay #(D, 5) from0_d (clk, moves, d0, d5);
      delay #(L, 7) from0_l (clk, moves, l0, l7);

      // 1. Error
      reg [X-1:0] e4;
      reg signed [63:0] e;
      always @(posedge clk)
        if (moves) begin
          e = hold(align(`WIDE(p3, P), F, E) - near(`WIDE(t3, T), 8), X);
          e4 <= e[X-1:0];
        end

      // 2. Drift, and the square of the error
      reg [B-1:0] b5;
      reg [D-6:0] e5;
      reg signed [63:0] b, square;
      always @(posedge clk)
        if (moves) begin
          b = `WIDE(b4, B) + near((`WIDE(e4, X) <<< 5) - `WIDE(b4, B), {28'd0, shift});
          square = (`WIDE(e4, X) * `WIDE(e4, X)) >>> E;
          b5 <= b[B-1:0];
          e5 <= square[D-6:0];
        end

      // 3. Noise, and the square of the drift
      reg [D-1:0] d6;
      reg [B+ERROR_WHOLE:0] power6;
      reg signed [63:0] d, power;
      always @(posedge clk)
        if (moves) begin
          d = `PLAIN(d5, D) + near((`PLAIN(e5, D - 5) <<< 5) - `PLAIN(d5, D), {28'd0, shift});
          power = (`WIDE(b5, B) * `WIDE(b5, B)) >>> (E + 5);
          d6 <= d[D-1:0];
          power6 <= power[B+ERROR_WHOLE:0];
        end

      // 4. Their ratio: 1/D by the five bits behind its leading one
      reg [12:0] recip[0:31];
      reg [12:0] share[0:255];
      initial begin
        $readmemh("images/reciprocals.hex", recip);
        $readmemh("images/shares.hex", share);
      end
      reg silent7;
      reg [5:0] place7;
      reg [12:0] recip7;
      reg [B+ERROR_WHOLE:0] power7;
      reg [5:0] place;
      reg [63:0] mantissa;
      always @(posedge clk)
        if (moves) begin
          place = msb(`PLAIN(d6, D));
          mantissa = (`PLAIN(d6, D) << 5) >> place;
          silent7 <= d6 == {D{1'b0}};
          place7 <= place;
          recip7 <= recip[mantissa[4:0]];
          power7 <= power6;
        end
      reg [12:0] ratio8, share8;
      reg [63:0] quotient;
      reg signed [63:0] entry;
      always @(posedge clk)
        if (moves) begin
          quotient = (`PLAIN(power7, B + ERROR_WHOLE + 1) * `PLAIN(recip7, 13)) >> place7;
          entry = near(`PLAIN(l7, L), 4);
          ratio8 <= silent7 || quotient > 64'd4096 ? 13'd4096 : quotient[12:0];
          share8 <= share[entry > 64'sd255 ? 8'd255 : entry[7:0]];
        end

      // 5. and 6. What is kept, and the step
      wire opening8;
      delay #(1, 8) from0_opening (clk, moves, opening, opening8);
      reg signed [63:0] kept, rest;
      reg [12:0] step;
      always @(posedge clk)
        if (moves) begin
          kept = near((64'sd4096 - `PLAIN(ratio8, 13)) * `PLAIN(share8, 13), 12);
          rest = 64'sd4096 - kept;
          step <= opening8 ? 13'd4096 : rest < 64'sd1 ? 13'd1 : rest[12:0];
        end
      assign step9 = step;

      // 7. Share
      wire [L-1:0] l10;
      delay #(L, 3) from7_l (clk, moves, l7, l10);
      reg [12:0] keep10;
      reg [24:0] step10;
      reg [L-1:0] l11;
      reg signed [63:0] keep, keeps, steps, l;
      always @(posedge clk)
        if (moves) begin
          keep = 64'sd4096 - `PLAIN(step9, 13);
          keeps = (keep * keep) >>> 12;
          steps = `PLAIN(step9, 13) * `PLAIN(step9, 13);
          l = (`PLAIN(keep10, 13) * `PLAIN(l10, L) + `PLAIN(step10, 25)) >>> 12;
          keep10 <= keeps[12:0];
          step10 <= steps[24:0];
          l11 <= l[L-1:0];
        end

      // 8. Estimate
      wire [T-1:0] t9, t11;
      delay #(T, 6) from3_t (clk, moves, t3, t9);
      reg [T-1:0] t10;
      reg signed [63:0] moved, t;
      always @(posedge clk)
        if (moves) begin
          moved = near(`PLAIN(step9, 13) * ((align(`WIDE(p9, P), F, E) <<< 8) - `WIDE(t9, T)), 12);
          t = `WIDE(t9, T) + moved;
          t10 <= t[T-1:0];
        end

      wire [B-1:0] b11;
      wire [D-1:0] d11;
      delay #(T, 1) from10_t (clk, moves, t10, t11);
      delay #(B, 6) from5_b (clk, moves, b5, b11);
      delay #(D, 5) from6_d (clk, moves, d6, d11);
      always @* new_state = {v11, s11, h[H-1:0], t11, b11, d11, l11};
    end
  endgenerate

  // 5. Value
  wire [30:0] chance10, chance11;
  delay #(31, 10) from0_chance (clk, moves, chance, chance10);
  delay #(31, 1) from10_chance (clk, moves, chance10, chance11);
  wire [S-1:0] s10;
  delay #(S, 1) from9_s (clk, moves, s9, s10);
  reg [P+14:0] d10;
  reg [A-1:0] a11;
  reg signed [63:0] product, moved_to, ones, limited, coded;
  wire [11:0] half = ROUNDING == 2 ? chance10[11:0] : ROUNDING == 1 ? 12'd2048 : 12'd0;
  always @(posedge clk)
    if (moves) begin
      product = `PLAIN(step9, 13) * (`WIDE(p9, P) - `PLAIN(s9, S));
      d10 <= product[P+14:0];
      moved_to = `PLAIN(s10, S) + ((`WIDE(d10, P + 15) + `PLAIN(half, 12)) >>> 12);
      ones = moved_to >>> F;
      limited = moved_to[63] ? 64'sd0 : |ones ? 64'sd1 <<< F : moved_to;
      s11 <= limited[S-1:0];
      // 6. Predict
      coded = `PLAIN(s10, S) + ((limited - `PLAIN(s10, S)) <<< DECAY);
      a11 <= coded[A-1:0];
    end

  // 7. Encode
  wire [H-1:0] h11;
  delay #(H, 11) from0_h (clk, moves, h0, h11);
  wire [63:0] mask = (64'd1 << (F - R)) - 64'd1;
  wire [63:0] drawn = {45'd0, chance11[30:12]} & mask;
  wire signed [63:0] up = ROUNDING == 2 ? $signed(drawn) : ROUNDING == 1 ? (64'sd1 <<< (F - R)) >>> 1 : 64'sd0;
  reg signed [63:0] filled, whole, below;
  reg fires;
  always @* begin
    {filled, whole, below, h} = {4{64'sd0}};
    fires = 1'b0;
    if (moves) begin
      filled = hold(`WIDE(h11, H) + ((`WIDE(a11, A) + up) >>> (F - R)), H);
      // Whether it is above a half.
      whole = filled >>> R;
      below = filled & ((64'sd1 <<< (R - 1)) - 1);
      fires = !filled[63] && (|whole || (filled[R-1] && |below));
      h = fires ? filled - (64'sd1 <<< R) : filled;
    end
  end
  wire [ID_BITS-1:0] id11;
  delay #(ID_BITS, 11) from0_id (clk, moves, id, id11);
  always @(posedge clk)
    if (moves) begin
      out_state <= new_state;
      out_id <= id11;
      out_value <= s11;
      out_spike <= fires;
    end
  assign out_valid = there[11];
endmodule
`default_nettype wire
