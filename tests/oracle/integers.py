"""An integer chip in plain Python integers, written from docs/fixed-point.md; imports nothing of the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field

GOLDEN, WORD = 0x9E3779B9, 0xFFFFFFFF
WIDE = (1 << 64) - 1


def near(x: int, n: int) -> int:
    return (x + ((1 << n) >> 1)) >> n


def align(x: int, have: int, want: int) -> int:
    return x << (want - have) if want >= have else near(x, have - want)


def mix(key: int, word: int) -> int:
    z = (key + (word + 1) * 0x9E3779B97F4A7C15) & WIDE
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WIDE
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WIDE
    return z ^ (z >> 31)


def step(x: int) -> int:
    x ^= (x << 13) & WORD
    x ^= x >> 17
    return x ^ ((x << 5) & WORD)


def words_of(key: int, row: int, count: int) -> list[int]:
    """Return the words of one row of a generator."""
    x = (key + row * GOLDEN) & WORD or GOLDEN
    x = step(step(x))
    found = []
    for _ in range(count):
        x = step(x)
        found.append(x)
    return found


@dataclass(frozen=True)
class Formats:
    """(bits before, bits behind the point) of every quantity, and the shifts."""

    state: tuple[int, int]
    membrane: tuple[int, int]
    residue: tuple[int, int]
    annealer: tuple[int, int]
    trace: tuple[int, int]
    bias: tuple[int, int]
    rounding: str
    decay: int
    annealing: str
    forgetting: int
    weights: tuple[int, ...]  # fraction bits k_p of each projection of the chain, input side first
    weight_bits: int
    half: int = 1  # the control changes it: what near() adds in the step of the value, in units of 2^11


def top(form: tuple[int, int]) -> int:
    return (1 << sum(form)) - 1


@dataclass
class Neuron:
    """One neuron, or an input, which holds ``s``."""

    formats: Formats
    clamped: bool = False
    s: int = 0
    v: int = 0
    phi: int = 0
    theta: int = 0
    b: int = 0
    d: int = 0
    share: int = 0
    held: dict[str, int] = field(default_factory=dict)

    def hold(self, x: int, limit: int, what: str) -> int:
        kept = min(max(x, -limit), limit)
        if kept != x:
            self.held[what] = self.held.get(what, 0) + 1
        return kept

    def present(self, t: int) -> int:
        """Fire as an input does."""
        f = self.formats
        rounding = "nearest" if f.rounding == "stochastic" else f.rounding
        return self.encode(self.s << f.decay if t == 1 else self.s, rounding, 0)

    def update(
        self, total: int, fraction: int, bias: int, pull: tuple[int, int] | None, t: int, word: int
    ) -> int:
        """One tick; ``total`` has ``fraction`` fraction bits, ``pull`` is (N, target)."""
        f = self.formats
        F, M, g = f.state[1], f.membrane[1], f.decay
        u = self.hold(align(total, fraction, F), top(f.state), "inputs")
        self.v = self.hold(self.v + near((u << (M - F)) - self.v, g), top(f.membrane), "membranes")
        p = near(self.v, M - F) + align(bias, f.bias[1], F)
        if pull is not None:
            p += near(pull[0] * (pull[1] - self.s), 8)
        p = self.hold(p, top(f.state), "nets")
        if f.annealing == "constant":
            epsilon = 4096 >> f.forgetting
        elif f.annealing == "shift":
            epsilon = 4096 >> min(t.bit_length() - 1, f.forgetting)
        else:
            epsilon = self.osa(p, t)
        chance = {"floor": 0, "nearest": 2048 * f.half, "stochastic": word & 4095}[f.rounding]
        before = self.s
        self.s = min(max(before + ((epsilon * (p - before) + chance) >> 12), 0), 1 << F)
        return self.encode(before + ((self.s - before) << g), f.rounding, word)

    def encode(self, a: int, rounding: str, word: int) -> int:
        f = self.formats
        n = f.state[1] - f.residue[1]
        chance = {"floor": 0, "nearest": (1 << n) >> 1, "stochastic": (word >> 12) & ((1 << n) - 1)}[rounding]
        self.phi = self.hold(self.phi + ((a + chance) >> n), top(f.residue), "residues")
        one = 1 << f.residue[1]
        if self.phi > one >> 1:
            self.phi -= one
            return 1
        return 0

    def osa(self, p: int, t: int) -> int:
        f = self.formats
        E = f.annealer[1]
        n = 0
        while 2 << (2 * n) <= t * t:  # 2^(n + ½) ≤ t
            n += 1
        n = min(n, f.forgetting)
        pe = align(p, f.state[1], E)
        e = self.hold(pe - near(self.theta, 8), top(f.annealer), "errors")
        self.b += near((e << 5) - self.b, n)
        self.d += near((((e * e) >> E) << 5) - self.d, n)
        if self.d == 0:
            ratio = 4096
        else:
            z = self.d.bit_length() - 1
            i = ((self.d << 5) >> z) - 32
            recip = (2 * 262144 // (65 + 2 * i) + 1) // 2
            ratio = min((((self.b * self.b) >> (E + 5)) * recip) >> z, 4096)
        j = min(near(self.share, 4), 255)
        keep = near((4096 - ratio) * ((2 * 1048576 // (256 + j) + 1) // 2), 12)
        epsilon = 4096 if t == 1 else max(4096 - keep, 1)
        kappa = 4096 - epsilon
        self.share = (((kappa * kappa) >> 12) * self.share + epsilon * epsilon) >> 12
        self.theta += near(epsilon * ((pe << 8) - self.theta), 12)
        return epsilon


Matrix = list[list[int]]


@dataclass
class Presentation:
    """One sample on a chain of layers: weights forward and backward, integers."""

    formats: Formats
    forward: list[Matrix]  # [pre][post] of each projection
    backward: list[Matrix]  # of projections from layer k + 2 to k + 1
    biases: list[list[int]]
    cores: list[list[int]]  # core of each neuron, by layer
    inputs: list[int]
    seed: int
    number: int

    def __post_init__(self) -> None:
        sizes = [len(self.inputs), *(len(b) for b in self.biases)]
        self.layers = [[Neuron(self.formats, k == 0) for _ in range(n)] for k, n in enumerate(sizes)]
        for neuron, x in zip(self.layers[0], self.inputs, strict=True):
            neuron.s = x
        self.bits = [[0] * n for n in sizes]
        self.traces = [[0] * n for n in sizes]
        self.t = 0

    def random_words(self, layer: int) -> list[int]:
        key = mix(mix(mix(self.seed, 1), self.number), 0)
        found: list[int] = []
        cores = self.cores[layer]
        for core in dict.fromkeys(cores):
            found += words_of(mix(key, core) & WORD, self.t, cores.count(core))
        return found

    def tick(self, pull: tuple[int, list[int]] | None = None) -> None:
        self.t += 1
        f = self.formats
        k_most = max(f.weights)
        new = [[neuron.present(self.t) for neuron in self.layers[0]]]
        for layer in range(1, len(self.layers)):
            words = self.random_words(layer) if f.rounding == "stochastic" else [0] * len(self.layers[layer])
            fired = []
            for j, neuron in enumerate(self.layers[layer]):
                total = sum(
                    q * w[j] for q, w in zip(self.bits[layer - 1], self.forward[layer - 1], strict=True)
                )
                total <<= k_most - f.weights[layer - 1]
                if layer + 1 < len(self.layers):
                    back = sum(
                        q * w[j] for q, w in zip(self.bits[layer + 1], self.backward[layer - 1], strict=True)
                    )
                    total += back << (k_most - f.weights[layer])
                nudged = pull is not None and layer == len(self.layers) - 1
                to = (pull[0], pull[1][j]) if pull is not None and nudged else None
                fired.append(neuron.update(total, k_most, self.biases[layer - 1][j], to, self.t, words[j]))
            new.append(fired)
        one = 1 << f.trace[1]
        for traces, bits in zip(self.traces, self.bits, strict=True):
            for i, q in enumerate(bits):
                traces[i] = min(traces[i] + near(q * one - traces[i], f.decay), top(f.trace))
        self.bits = new

    def values(self, layer: int) -> list[int]:
        return [neuron.s for neuron in self.layers[layer]]


def learn(
    weights: Matrix,
    terms: list[tuple[list[list[int]], list[list[int]]]],
    shift: int,
    sign: int,
    stochastic: bool,
    bounds: tuple[int, int],
    keys: list[int],
    cores: list[int],
) -> None:
    """Change [pre][post] weights; ``terms`` are (pre, post) by sample, ``cores`` those of each column."""
    for i, row in enumerate(weights):
        if not any(pre[i] for pres, _ in terms for pre in pres):
            continue
        drawn = {
            core: words_of(key, i, cores.count(core))
            for core, key in zip(dict.fromkeys(cores), keys, strict=True)
        }
        used = dict.fromkeys(drawn, 0)
        for j in range(len(row)):
            total = sign * sum(
                pre[i] * post[j] for pres, posts in terms for pre, post in zip(pres, posts, strict=True)
            )
            word = drawn[cores[j]][used[cores[j]]]
            used[cores[j]] += 1
            if shift <= 0:
                change = total << -shift
            else:
                chance = word & ((1 << shift) - 1) if stochastic else 1 << (shift - 1)
                change = (total + chance) >> shift
            row[j] = min(max(row[j] + change, bounds[0]), bounds[1])
