"""The mutants of `mutants.py`: file, old text, new text, what it breaks, and which tests should notice."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MUTANTS", "Mutant"]


class Mutant(NamedTuple):
    """One error.

    Attributes
    ----------
    name
        Short, one of a kind.
    file, old, new
        Where it is made: ``old`` stands exactly once in ``file``.
    breaks
        What is wrong then.
    tests
        What pytest is told to run.
    """

    name: str
    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...]


_INTERP = ("-m", "interp and not slow")
ELEMENTS = ("tests/unit/elements/test_elements.py", "tests/unit/elements/test_contracts.py", *_INTERP)
CONNECTIONS = ("tests/unit/elements/connections/test_laws.py", *_INTERP)
BITS = ("tests/unit/spikes",)
STREAMS = ("tests/property/test_streams_equal_counters.py",)
SPECS = (
    "tests/unit/elements/test_specs.py",
    "tests/unit/elements/test_elements.py",
    "tests/unit/elements/test_contracts.py",
)
SETTLE = ("tests/unit/cores/test_tiny_settle.py", "-k", "slow_chip or formats", *_INTERP)
KERNELS = ("tests/unit/kernels/test_random_bits.py", "tests/unit/kernels/test_spike_lists.py", *_INTERP)
PLASTICITY = ("tests/unit/cores/test_plasticity.py", *_INTERP)
NEURONS = ("tests/unit/elements/neurons", *_INTERP)
ROUTERS = ("tests/unit/noc/test_known_results.py", "tests/unit/noc/test_stalls.py", *_INTERP)
PIPELINE = ("tests/unit/noc/test_known_results.py", "-k", "by_hand or slow_receiver or begun or sleep")
TIMED = ("tests/property/test_timed_runs.py", "-k", "so_many or learning_takes or plain_python or routes_are")
COUNTED = ("tests/property/test_counters_equal_oracle.py", "-k", "test_counters")
HOST = ("tests/unit/cores/test_tiny_settle.py", "-k", "word_of_the_host", *_INTERP)
REPLAY = ("tests/property/test_replay_equals_oracle.py", "-k", "recorded_traffic or frames")
PARTITION = ("tests/unit/compile/test_partition.py",)
QUANTISE = ("tests/unit/compile/test_quantise.py",)
ROUTE = ("tests/unit/compile/test_route.py",)
# Without the laws, which take long and are about sums.
ENERGY = ("tests/unit/energy", "-k", "not (add_up or linear or additive or changes_no_count)")
COUNTERS = ENERGY
EQPROP = ("tests/unit/learning/test_eqprop.py",)
HEBBIAN = ("tests/unit/learning/test_contrastive_rules.py",)
ASSOCIATIVE = ("tests/unit/learning/test_associative.py",)
OPTIMISERS = ("tests/unit/elements/test_optimisers.py",)
STEP = ("tests/unit/analog/test_step.py",)
DIE = ("tests/unit/analog/test_die.py",)
COUNTING = ("tests/unit/firmware/test_counting.py",)

_ENCODERS, _ANNEALERS = "neurochip/elements/encoders/", "neurochip/elements/annealers/"

MUTANTS: tuple[Mutant, ...] = (
    # Coding.
    Mutant("sigma-delta strict", _ENCODERS + "sigma_delta.py", "fires = phi > half", "fires = phi >= half",
           "a residue of exactly ½ fires", ELEMENTS),
    Mutant("sigma-delta saturates", _ENCODERS + "sigma_delta.py", "phi - one if fires else phi",
           "phi - half if fires else phi",
           "the residue keeps half a spike", ELEMENTS),
    Mutant("second order, first loop", _ENCODERS + "second_order.py", "p2 = second + p1", "p2 = second + residue",
           "the second integrator reads the first before its update", ELEMENTS),
    Mutant("second order strict", _ENCODERS + "second_order.py", "fires = p2 > half", "fires = p2 >= half",
           "exactly ½ fires", ELEMENTS),
    Mutant("stochastic inclusive", _ENCODERS + "stochastic.py", "coded > uniform(key, neuron)",
           "coded >= uniform(key, neuron)",
           "a = 0 may fire", ELEMENTS),
    Mutant("threshold inclusive", _ENCODERS + "threshold.py", "return coded > half", "return coded >= half",
           "exactly ½ fires", ELEMENTS),
    Mutant("predictive encoder sign", _ENCODERS + "predictive.py", "(value - keep * previous) / lam",
           "(value + keep * previous) / lam", "the past is added", ELEMENTS),
    Mutant("predictive decoder shares", "neurochip/elements/decoders/predictive.py", "keep * value + lam * drive",
           "lam * value + keep * drive", "λ and 1 − λ change places", ELEMENTS),
    Mutant("osa opens late", _ANNEALERS + "osa.py", "    if tick == 1:", "    if tick == 2:",
           "ε = 1 in the second tick", SETTLE),
    Mutant("osa variance", _ANNEALERS + "osa.py", "(d - b * b) / (one + share)", "(d + b * b) / (one + share)",
           "the bias is added to the variance", ELEMENTS),
    Mutant("osa share", _ANNEALERS + "osa.py", "keep * keep * share + step * step", "keep * share + step * step",
           "Λ forgets once, not twice", ELEMENTS),
    Mutant("osa regulariser", _ANNEALERS + "osa.py", "(variance + r) / (noise + r)", "(variance + r) / noise",
           "a silent neuron divides by 0", ELEMENTS),
    Mutant("osa rates", _ANNEALERS + "osa.py", "for tick in range(1, first + n_ticks):",
           "for tick in range(2, first + n_ticks):",
           "ν is one tick behind", SPECS),
    Mutant("kesten openings", _ANNEALERS + "kesten.py", "if tick <= 2 or", "if tick < 2 or",
           "k grows in one of the first two ticks", ELEMENTS),
    Mutant("kesten error", _ANNEALERS + "kesten.py", "* pressure, e, count", "* pressure, error, count",
           "the error of the last tick is never replaced", ELEMENTS),
    Mutant("kesten tie", _ANNEALERS + "kesten.py", "e * error < zero", "e * error <= zero",
           "no error counts as a change of sign", ELEMENTS),
    Mutant("power law from 0", "neurochip/elements/schedules.py", "np.arange(first, first + n_ticks, dtype=np.float64)",
           "np.arange(first + 1, first + 1 + n_ticks, dtype=np.float64)", "t counts from 2", SPECS),
    # Membranes.
    Mutant("lif threshold inclusive", "neurochip/elements/neurons/lif.py", "(not held) and v > threshold",
           "(not held) and v >= threshold",
           "v = θ fires", NEURONS),
    Mutant("lif held", "neurochip/elements/neurons/lif.py", "held = waiting > 0", "held = waiting > 1",
           "the refractory time is a tick short", NEURONS),
    Mutant("lif reset", "neurochip/elements/neurons/lif.py",
           "after = v - threshold if subtracts", "after = v if subtracts",
           "nothing is taken away by a spike", NEURONS),
    Mutant("lif leak order", "neurochip/elements/neurons/lif.py", "v = potential if held else kept + drive",
           "v = potential if held else leak * (potential + drive)", "the drive leaks in its own tick", NEURONS),
    Mutant("membrane carries", "neurochip/elements/neurons/two_compartment.py",
           "after = reset + u if carries else reset",
           "after = reset if carries else reset", "the overshoot is lost", NEURONS),
    Mutant("soma nudge sign", "neurochip/elements/neurons/two_compartment.py",
           "signed = share if beta > zero else -share",
           "signed = share", "a negative β pulls", NEURONS),
    # Kernels.
    Mutant("hash of word 0", "neurochip/kernels/random_bits.py", "z = key + (word + np.uint64(1)) * _STEP",
           "z = key + word * _STEP", "word 0 leaves the key as it is", KERNELS),
    Mutant("tick key order", "neurochip/kernels/random_bits.py", "mix(mix(seed, presentation), tick)",
           "mix(mix(seed, tick), presentation)", "tick and presentation change places", KERNELS),
    Mutant("uniform bits", "neurochip/kernels/random_bits.py",
           "_S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)",
           "_S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)", "draws lie below ½", KERNELS),
    Mutant("frame majority", "neurochip/kernels/spike_lists.py", "inside = 2 * window[i] > n_ticks",
           "inside = 2 * window[i] >= n_ticks", "half of the ticks count as most", KERNELS),
    Mutant("frame window", "neurochip/kernels/spike_lists.py", "        window[i] = 0\n",
           "        window[i] = window[i]\n",
           "counts of one window stand in the next", KERNELS),
    # Learning on the cores.
    Mutant("plasticity rounds down", "neurochip/cores/plasticity.py", "rounded = np.rint(wanted)",
           "rounded = np.floor(wanted)",
           "nearest becomes down", PLASTICITY),
    Mutant("plasticity saturates", "neurochip/cores/plasticity.py", "if rounded < bottom:",
           "if rounded < bottom - 1:",
           "one step below the range is kept", PLASTICITY),
    Mutant("plasticity at the top", "neurochip/cores/plasticity.py", "if rounded > top:", "if rounded >= top:",
           "a weight that reaches the top counts as saturated", PLASTICITY),
    Mutant("plasticity column", "neurochip/cores/plasticity.py", "stochastic, row_key, first_column + j)",
           "stochastic, row_key, j)",
           "rounding depends on the mapping", PLASTICITY),
    Mutant("plasticity reset", "neurochip/cores/plasticity.py", "        change[j] = 0\n",
           "        change[j] = change[j]\n",
           "a row's sum begins with that of the row before", PLASTICITY),
    # Counters of the cores.
    Mutant("counters in flight", "neurochip/cores/counters.py",
           "delivered = (carried + sent - last) @ senders.receives",
           "delivered = (sent - last) @ senders.receives",
           "spikes under way at the beginning are never delivered", COUNTED),
    Mutant("counters of the sender", "neurochip/cores/counters.py", "- last) @ senders.receives",
           "- last) @ senders.receives.T", "deliveries are counted on cores that do not receive", COUNTED),
    Mutant("counters hops", "neurochip/cores/counters.py", '_AT["hops_ns"]] = per_core(sent * ways.links[:, 1])',
           '_AT["hops_ns"]] = per_core(sent * ways.links[:, 0])', "north–south counts what goes east–west", COUNTED),
    Mutant("counters frames", "neurochip/cores/counters.py", 'counted[:, _AT["bitmap"]] = symbols * copies',
           'counted[:, _AT["bitmap"]] = per_core(sent) * copies', "a frame has as many bits as spikes", COUNTED),
    Mutant("counters presentations", "neurochip/cores/counters.py", "presentations=samples if kind.begins else 0",
           "presentations=samples", "a phase that goes on is presented again", HOST),
    Mutant("counters inputs twice", "neurochip/cores/counters.py", "        elif kind.opening:\n",
           "        elif kind.begins:\n",
           "inputs are written in every phase", HOST),
    Mutant("counters targets", "neurochip/cores/counters.py",
           '            if kind.begins:\n                counted[output, _AT["host_words_in"]]',
           '            if kind.opening:\n                counted[output, _AT["host_words_in"]]',
           "targets of a nudged phase are never written", HOST),
    # Time.
    Mutant("clock every", "neurochip/cores/clock.py", "np.arange(-before % self._every, samples",
           "np.arange(before % self._every, batch", "others than every n-th presentation are timed", TIMED),
    Mutant("clock of learning", "neurochip/cores/clock.py", "exact.times(accumulations, add)",
           "exact.times(accumulations, write)", "a product takes as long as a write", TIMED),
    Mutant("clock look-up", "neurochip/noc/zero_load.py",
           "in_fractions(timing.cycles_per_packet_in) + accesses", "accesses",
           "a packet is looked up for nothing", TIMED),
    Mutant("routes of links", "neurochip/cores/traffic_tables.py",
           "steps += [(x1, y, 3) for y in range(y0, y1)]", "steps += [(x0, y, 3) for y in range(y0, y1)]",
           "a packet turns south before it has gone east", TIMED),
    # The mesh.
    Mutant("routing of columns", "neurochip/noc/router.py", "if tile >= column + height:", "if tile > column + height:",
           "the first tile of the next column is taken for this one", ROUTERS),
    Mutant("router turn", "neurochip/noc/router.py", "turn[asked] = i + 1 if i + 1 < ports else 0",
           "turn[asked] = i", "the same input is served again", ROUTERS),
    Mutant("router wire", "neurochip/noc/router.py", "(cycles_ew if o < 2 else cycles_ns)",
           "(cycles_ns if o < 2 else cycles_ew)",
           "the two kinds of links change places", ROUTERS),
    Mutant("router credits", "neurochip/noc/router.py", "(1 if i >= 4 else (cycles_ew if i < 2 else cycles_ns))",
           "(1 if i >= 4 else 0)", "a credit is back at once", ROUTERS),
    Mutant("pipeline round", "neurochip/noc/pipeline.py", "cycles = -(-int(done.max()) // ONE) + barrier",
           "cycles = int(done.max()) // ONE + barrier", "a cycle begun is not counted", PIPELINE),
    Mutant("pipeline barrier", "neurochip/noc/pipeline.py", "barrier = timing.barrier(active) if active else 0",
           "barrier = timing.barrier(mesh.n_tiles) if active else 0", "tiles that sleep take part", PIPELINE),
    Mutant("pipeline last packet", "neurochip/noc/pipeline.py", "rest = (neurons - updated) * update",
           "rest = neurons * update", "neurons are updated twice", PIPELINE),
    Mutant("pipeline list", "neurochip/noc/engines.py", "receiver[core] + listing)", "receiver[core])",
           "what arrives for a core with one engine is in its list at once", PIPELINE),
    Mutant("clock one engine", "neurochip/cores/walked_ticks.py", "lead[tables.site[c]] += tables.fill[c]",
           "lead[tables.site[c]] = tables.fill[c]", "the fill of a pipeline wipes out what was added before it", TIMED),
    # Compiling.
    Mutant("partition limit", "neurochip/compile/partition.py", "needed > there:", "needed >= there:",
           "a core that is just full is refused", PARTITION),
    Mutant("partition largest", "neurochip/compile/partition.py", "demand(network, p, -(-sizes[p] // parts[p]),",
           "demand(network, p, sizes[p] // parts[p],", "the larger part may not fit", PARTITION),
    Mutant("partition traces", "neurochip/compile/partition.py", "neurons * state_bits + axons * trace_bits",
           "neurons * (state_bits + trace_bits)", "a trace for each neuron, not each axon", PARTITION),
    Mutant("adam correction", "neurochip/elements/optimisers.py", "np.sqrt(square / (1 - self.beta2**number))",
           "np.sqrt(square)", "first steps are too large", OPTIMISERS),
    Mutant("decay inside", "neurochip/substrate/optimising.py", "step - (self.share * self.decay) * held",
           "step - self.decay * held", "decay does not follow the schedule", OPTIMISERS),
    Mutant("quantise bottom", "neurochip/compile/quantise.py", "np.clip(steps, bottom, top)",
           "np.clip(steps, -top, top)", "the smallest integer is lost", QUANTISE),
    Mutant("quantise clipped", "neurochip/compile/quantise.py", "(steps > top)", "(steps >= top)",
           "weights at the limit count as cut", QUANTISE),
    Mutant("routing tree", "neurochip/compile/route.py", "crossed = list(set(crossed))", "crossed = list(crossed)",
           "a tree counts its trunk for each receiver", ROUTE),
    Mutant("routing column first", "neurochip/compile/route.py", "along + [((x1, y), (x1, y + south))",
           "along + [((x0, y), (x0, y + south))", "links of a column that no packet takes", ROUTE),
    Mutant("packets of a replay", "neurochip/cores/traffic.py", 'counted[:, _AT["packets"]] = sent(placed.packets)',
           'counted[:, _AT["packets"]] = sent(np.ones_like(placed.packets))', "a packet reaches all cores", REPLAY),
    Mutant("replay frames", "neurochip/cores/traffic.py",
           'counted[:, _AT["symbols_hops"]] = counted[:, _AT["bitmap_hops"]] = symbols * placed.frame_links',
           'counted[:, _AT["symbols_hops"]] = counted[:, _AT["bitmap_hops"]] = symbols * receivers',
           "frames cross a link for each receiver", REPLAY),
    Mutant("replay forks", "neurochip/cores/traffic.py",
           "sent(np.minimum(placed.packets, 1) if forks else placed.packets)",
           "sent(placed.packets)", "packets that fork leave many times", REPLAY),
    Mutant("replay synapses", "neurochip/cores/traffic.py", "by_row @ placed.operations",
           "by_row @ (placed.operations > 0)", "a spike meets one synapse on each core", REPLAY),
    Mutant("who receives", "neurochip/compile/placement.py", "np.minimum(receives, 1, out=receives)",
           "receives[:] = 1", "all cores get all spikes", REPLAY),
    Mutant("reached", "neurochip/cores/delivery.py", "            some = done\n", "            some = done = n\n",
           "later spikes reach nobody", REPLAY),
    # Energy.
    Mutant("charge accumulator", "neurochip/energy/charges.py",
           'yield Charge("learning", f"op.add.{self.hardware.accumulator_format}", writes)',
           'yield Charge("learning", f"op.add.{number}", writes)',
           "an integer weight is written with a float adder", ENERGY),
    Mutant("charge clamped", "neurochip/energy/charges.py", '(("encoder",), updates + clamped)',
           '(("encoder",), updates)',
           "input neurons encode for nothing", ENERGY),
    Mutant("charge idle", "neurochip/energy/charges.py", '"neuron_update_active", updates - idle',
           '"neuron_update_active", updates',
           "an idle update is paid twice", ENERGY),
    Mutant("charge link bytes", "neurochip/energy/charges.py", "max(0, size - 4 * outside)", "max(0, size - outside)",
           "words are taken for bytes", ENERGY),
    Mutant("charge read-outs", "neurochip/energy/charges.py", "if phase is Phase.READOUT else 0",
           "if phase is not Phase.READOUT else 0",
           "another phase's words leave the chip", ENERGY),
    Mutant("static per layer", "neurochip/energy/static.py", "np.where(first, cycles, 0)", "np.where(True, cycles, 0)",
           "a core leaks once for each layer on it", ENERGY),
    Mutant("static half timed", "neurochip/energy/static.py",
           "if timed < counted.ticks:", "if timed < counted.ticks - 1:",
           "a tick may be missing", ENERGY),
    Mutant("static host words", "neurochip/energy/static.py", "return -(-words * in_fractions",
           "return (words * in_fractions",
           "a cycle begun is not counted", ENERGY),
    Mutant("price contained", "neurochip/energy/pricing.py",
           "paid = whole if prices.has(whole) else prices.contained_in(whole) or whole",
           "paid = whole", "a price inside a price inside a price is not found", ENERGY),
    # The counters.
    Mutant("counters sum of time", "neurochip/substrate/counters.py",
           "other.time if self.time is None else self.time if other.time is None else self.time + other.time",
           "self.time if other.time is None else other.time", "time of the last counters only", COUNTERS),
    Mutant("counters control", "neurochip/substrate/counters.py", "tuple(a + b for a, b in zip(self.control",
           "tuple(max(a, b) for a, b in zip(self.control", "the controller's counts do not add", COUNTERS),
    Mutant("longest tick", "neurochip/substrate/phase_time.py", "        return max(first, second)\n",
           "        return first + second\n", "the longest tick of two is their sum", COUNTERS),
    # Rules.
    Mutant("eqprop opposite span", "neurochip/learning/schedule.py", "span = 2 * beta if", "span = beta if",
           "opposite nudges learn twice as fast", EQPROP),
    Mutant("eqprop full sign", "neurochip/learning/eqprop.py", "(-minus[source], minus[target])",
           "(minus[source], minus[target])",
           "the free product is added", EQPROP),
    Mutant("mean of biases", "neurochip/learning/rule.py", "np.mean(moved, axis=0)", "np.sum(moved, axis=0)",
           "biases learn by the sum over samples", EQPROP),
    Mutant("eqprop presynaptic", "neurochip/learning/eqprop.py", "terms = ((pre[source], seen.moved(target)),)",
           "terms = ((seen.moved(source), seen.moved(target)),)", "the change before a synapse, not its state",
           EQPROP),
    Mutant("parallel run", "neurochip/learning/schedule.py",
           "                substrate.run(Phase.FREE, part)\n",
           "                substrate.run(Phase.FREE, self.free)\n",
           "the free run of the other branch has another length", EQPROP),
    Mutant("hebbian sign", "neurochip/learning/contrastive_hebbian.py", "(-seen.minus.pre[source]",
           "(seen.minus.pre[source]", "the free product is added", HEBBIAN),
    Mutant("feedback learns", "neurochip/learning/rule.py", "not p.tied and self.feedback_learns",
           "not p.tied", "feedback that is to stay learns", HEBBIAN),
    Mutant("delta presynaptic", "neurochip/learning/delta_rule.py", "pre = (pre + seen.plus.pre[source]) / 2",
           "pre = pre + seen.plus.pre[source]", "the mean of two phases is their sum", HEBBIAN),
    Mutant("delta words", "neurochip/learning/delta_rule.py", "told = max(told, 1)", "told = max(told, 0)",
           "a tied copy learns what nobody told it", HEBBIAN),
    Mutant("associative cube", "neurochip/learning/associative.py", "cube = a * a * a * share", "cube = a * a * share",
           "x² in place of x³", ASSOCIATIVE),
    Mutant("associative limit", "neurochip/learning/associative.py", "top = limit * share", "top = limit",
           "one sample may change as much as all", ASSOCIATIVE),
    Mutant("associative balance", "neurochip/learning/associations.py", "np.arange(size) < size // 2",
           "np.arange(size) <= size // 2",
           "one more +1", ASSOCIATIVE),
    # The die.
    Mutant("analog nudge", "neurochip/analog/step.py", "at.first_output] - at.voltage[sample, i])",
           "at.first_output])", "the nudge does not let go at its target", STEP),
    Mutant("analog last outputs", "neurochip/analog/step.py", "for i in range(first_output, n):",
           "for i in range(first_output + 1, n):",
           "the first output stands still", STEP),
    Mutant("analog rail", "neurochip/analog/step.py", "(v >= saturation and flow > 0)",
           "(v > saturation and flow > 0)", "a neuron at its rail is never at rest", STEP),
    Mutant("analog change", "neurochip/analog/step.py", "abs(difference) > change", "abs(difference) >= change",
           "what has not changed is sent", STEP),
    Mutant("analog eight rows", "neurochip/analog/step.py", "            k += 8\n", "            k += 9\n",
           "every ninth change is lost", STEP),
    Mutant("die offsets", "neurochip/analog/drawing.py", "return spread.sigma * unit * xi", "return spread.sigma * xi",
           "offsets of synapses are in full scales", DIE),
    Mutant("die mean", "neurochip/analog/drawing.py", "spread.sigma * xi - spread.sigma**2 / 2", "spread.sigma * xi",
           "gains have a mean above 1", DIE),
    Mutant("die stuck share", "neurochip/analog/drawing.py", "draw >= 1 - stuck", "draw >= 1 - stuck - dead",
           "more synapses are stuck", DIE),
    Mutant("die tails", "neurochip/description/tails.py", "np.sqrt((freedom - 2) / freedom)",
           "np.sqrt(freedom / (freedom - 2))",
           "heavy tails are wider too", DIE),
    Mutant("spread overdrive", "neurochip/analog/spread.py", "2 / spec.overdrive_mv",
           "1 / spec.overdrive_mv",
           "σ(I)/I of strong inversion is halved", DIE),
    Mutant("spread pairs", "neurochip/analog/spread.py", 'if spec.convention == "pair":',
           'if spec.convention == "single":',
           "one transistor differs like a pair", DIE),
    Mutant("spread area", "neurochip/analog/spread.py",
           "math.sqrt((width + process.grows_w) * (length + process.grows_l))",
           "(width + process.grows_w) * (length + process.grows_l)",
           "Pelgrom's law without its root", DIE),
    # The controller's counters.
    Mutant("counters wrap", "firmware_sim/counting.py", "np.uint64((1 << width) - 1)", "np.uint64(1 << width)",
           "one bit is shown and not all others", COUNTING),
    Mutant("counters peak", "firmware_sim/counting.py",
           "int(np.abs(counts).max(initial=0)), int(np.abs(shared).max(initial=0))",
           "int(np.abs(counts).max(initial=0))", "presentations and ticks may wrap unseen", COUNTING),
    Mutant("counters phases", "firmware_sim/counting.py", "len(set(phases)) != len(phases)",
           "len(set(phases)) > len(phases)",
           "a phase may be counted twice", COUNTING),
    Mutant("counters signed", "firmware_sim/driver.py", "spare = np.uint64(64 - width)",
           "spare = np.uint64(63 - width)",
           "a turn of a counter is read as half of one", ("tests/property/test_driven_equals_direct.py",)),
    # Connectivities.
    Mutant("sparse list end", "neurochip/elements/connections/sparse.py",
           "        k, stop = np.uint64(offsets[i]), np.uint64(offsets[i + one])",
           "        k, stop = np.uint64(offsets[i]), np.uint64(offsets[i + one]) - one",
           "the last synapse of a list is left out", CONNECTIONS),
    Mutant("sparse border", "neurochip/elements/connections/sparse.py", "border = min(stop, (k + three) & ~three)",
           "border = (k + three) & ~three", "short lists run into the next", CONNECTIONS),
    Mutant("sparse update", "neurochip/elements/connections/sparse.py", "into[k] += value * post[ends[k]]",
           "into[k] += value * post[ends[k - one]]", "an update reads the neighbour's end", CONNECTIONS),
    Mutant("sparse part", "neurochip/elements/connections/sparse.py", "(ends >= targets.start) & (ends < targets.stop)",
           "(ends >= targets.start) & (ends <= targets.stop)", "a synapse stands on two cores", CONNECTIONS),
    Mutant("dense left", "neurochip/elements/connections/dense.py", "    elif left == three:", "    elif left == four:",
           "three rows that are left are not added", CONNECTIONS),
    Mutant("dense order", "neurochip/elements/connections/dense.py", "        sums[j] += total + rest",
           "        sums[j] = (sums[j] + total) + rest", "sums of floating point move by a rounding", CONNECTIONS),
    Mutant("convolution edge", "neurochip/elements/connections/maps.py", "(reached >= 0) & (reached < outputs)",
           "(reached >= 0) & (reached <= outputs)", "what lies beyond the edge is a synapse", CONNECTIONS),
    Mutant("convolution stride", "neurochip/elements/connections/maps.py", "(rest == 0) & ", "",
           "positions between strides are seen too", CONNECTIONS),
    Mutant("convolution part", "neurochip/elements/connections/maps.py",
           "(edge - base + step - np.int64(1)) // step", "(edge - base) // step",
           "the cut through a map falls one channel short", CONNECTIONS),
    Mutant("convolution fan-out", "neurochip/elements/connections/convolution.py",
           "(rows >= 0).sum(axis=1), (columns >= 0).sum(axis=1)",
           "(rows >= -1).sum(axis=1), (columns >= 0).sum(axis=1)", "edges are counted as the middle", CONNECTIONS),
    Mutant("one-to-one part", "neurochip/elements/connections/one_to_one.py",
           "self.shift + sources.start - targets.start", "self.shift", "a part pairs other units", CONNECTIONS),
    # Spikes as bits.
    Mutant("streams bitmap", "neurochip/cores/counters.py", 'counted[:, _AT["bitmap"]] = symbols * copies',
           'counted[:, _AT["bitmap"]] = symbols * frames_to', "a frame that forks is counted per receiver", STREAMS),
    Mutant("streams received", "neurochip/cores/counters.py",
           "sample_ticks - samples if kind.opening else sample_ticks",
           "sample_ticks", "frames of the last tick are received", STREAMS),
    Mutant("streams address", "neurochip/compile/placement.py", "(receives * word).max(axis=1, initial=0)",
           "(receives * word).min(axis=1)", "a packet that forks has the shortest address", STREAMS),
    Mutant("aer header", "neurochip/spikes/aer.py", "packets[:, : self.header_bits] = self._written_header()",
           "packets[:, : self.header_bits] = 0", "headers say nothing", BITS),
    Mutant("aer twice", "neurochip/spikes/aer.py", "                if fired[tick, unit_of[axon]]:",
           "                if fired[tick].all():", "a packet may come twice", BITS),
    Mutant("spikes filling", "neurochip/spikes/raster.py", "if bits[wanted:].any():", "if bits[wanted:].all():",
           "bits after the last are taken", BITS),
    Mutant("spikes sample", "neurochip/spikes/raster.py", "whole and not (axis == 1 and self.batch is not None)",
           "whole and not (axis == 1 and self.batch is None)", "a sample is cut out as a unit", BITS),
)  # fmt: skip
