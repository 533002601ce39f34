"""The real-valued dynamics that the bits stand for: forward Euler on one sample, all layers at once."""

from __future__ import annotations

from tests.oracle.neuron import rho, rho_slope

Matrix = list[list[float]]


def settle_real(
    weights: list[Matrix],
    biases: list[list[float]],
    x: list[float],
    y: list[float] | None = None,
    *,
    n_free: int,
    n_nudged: int = 0,
    beta: float = 0.0,
    epsilon: float = 0.5,
    feedback: list[Matrix] | None = None,
) -> list[list[list[float]]]:
    """Return the states [layer][step][unit] of a free run and the nudged one that continues it.

    s <- clip((1 - eps) s + eps (rho'(s) (W rho + b) + 2 beta (y - s)), 0, 1), every layer from the
    activations of the step before. Before the first step every *activation* is 0, that of the clamped input
    too, so the first step sees only biases and the sample reaches the first hidden layer on the second.
    """
    sizes = [len(weights[0]), *(len(b) for b in biases)]
    last = len(sizes) - 1
    state = [[0.0] * size for size in sizes]
    activation = [[0.0] * size for size in sizes]
    history: list[list[list[float]]] = [[] for _ in sizes]
    for step in range(n_free + n_nudged):
        new_state = [list(x)]
        for k in range(1, len(sizes)):
            new_layer = []
            for j in range(sizes[k]):
                u = 0.0
                for i in range(sizes[k - 1]):
                    u += weights[k - 1][i][j] * activation[k - 1][i]
                if k < last:
                    for i in range(sizes[k + 1]):
                        w = weights[k][j][i] if feedback is None else feedback[k - 1][i][j]
                        u += w * activation[k + 1][i]
                s = state[k][j]
                p = rho_slope(s) * (u + biases[k - 1][j])
                if k == last and step >= n_free and y is not None:
                    p = p + 2.0 * beta * (y[j] - s)
                new_layer.append(rho((1.0 - epsilon) * s + epsilon * p))
            new_state.append(new_layer)
        state = new_state
        activation = [[rho(s) for s in layer] for layer in state]
        for k, layer in enumerate(state):
            history[k].append(layer)
    return history
