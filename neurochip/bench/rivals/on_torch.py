"""The untied Euler minibatch in PyTorch: the steps of `numpy_euler`, eager, one thread, no gradients."""


def prepare(given):
    """Return version, reset and work: both phases of one minibatch."""
    import torch

    torch.set_num_threads(1)
    take = lambda name: torch.from_numpy(given[name].copy())  # noqa: E731
    layers = int(given["layers"])
    x, y = take("x"), take("y")
    upward, downward = [take(f"w{k}") for k in range(layers)], [take(f"f{k}") for k in range(layers - 1)]
    biases = [take(f"b{k}") for k in range(layers)]
    free, nudged, beta = int(given["free"]), int(given["nudged"]), float(given["beta"])

    def work():
        with torch.inference_mode():
            states = [torch.zeros(len(x), w.shape[1]) for w in upward]
            from_input, top = x @ upward[0], layers - 1
            for step in range(free + nudged):
                moved = []
                for k, state in enumerate(states):
                    drive = (from_input if k == 0 else states[k - 1] @ upward[k]) + biases[k] - state
                    if k < top:
                        drive = drive + states[k + 1] @ downward[k]
                    elif step >= free:
                        drive = drive + 2 * beta * (y - state)
                    moved.append((state + 0.5 * drive).clamp(0, 1))
                states = moved
            return {"output": [float(value) for value in states[-1].mean(0)]}

    return "torch " + torch.__version__, lambda: None, work
