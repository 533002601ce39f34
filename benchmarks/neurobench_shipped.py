"""NeuroBench's figures of its trained networks, here and there: python -m benchmarks.neurobench_shipped PYTHON FOLDER.

PYTHON has neurobench 2.3.0, torch and snntorch; FOLDER is ``examples`` of NeuroBench's repository at release 2.3.0.
Those networks whose layers are linear and whose neurons are snnTorch's Leaky, shown random bits in the shape of their
input: their data are not with them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from neurochip.description.state_dict import import_state_dict
from neurochip.inference.inferring import LabelledSamples, infer
from neurochip.replays.neurobench import workload

# File → samples, steps, share of ones.
SHIPPED = {
    "gsc/model_data/s2s_gsc_snntorch": (16, 100, 0.2),
    "eeg_mi/model_data/best_model.pt": (16, 100, 0.3),
    **{
        f"primate_reaching/model_data/SNN2_{name}.pt": (16, 100, 0.1)
        for name in (
            "indy_20160622_01",
            "indy_20160630_01",
            "indy_20170131_02",
            "loco_20170210_03",
            "loco_20170215_02",
            "loco_20170301_05",
        )
    },
}
FIGURES = ("connection_sparsity", "activation_sparsity", "effective_acs", "effective_macs", "dense")
THERE = """
import sys
import numpy as np, snntorch, torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics.static import ConnectionSparsity
from neurobench.metrics.workload import ActivationSparsity, SynapticOperations
from neurobench.models import SNNTorchModel
path, samples, steps, share, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
held = torch.load(path, map_location="cpu", weights_only=True)
if "model_state_dict" in held:  # SNN2: layers by name, neurons of the second without reset
    held = {f"{place}.{key.partition('.')[2]}": torch.as_tensor(value)
            for place in ("fc1", "lif1", "fc_out", "lif_out")
            for key, value in held["model_state_dict"].items() if key.partition(".")[0] == place}
names = list(dict.fromkeys(name.rpartition(".")[0] for name in held))
layers, renamed = [], {}
for k, name in enumerate(names):
    if f"{name}.weight" in held:
        outputs, inputs = held[f"{name}.weight"].shape
        layers.append(torch.nn.Linear(inputs, outputs, bias=f"{name}.bias" in held))
    else:
        how = ("subtract", "zero", "none")[int(held[f"{name}.reset_mechanism_val"])]
        beta, threshold = held[f"{name}.beta"], held[f"{name}.threshold"]
        last = k == len(names) - 1
        layers.append(
            snntorch.Leaky(beta=beta, threshold=threshold, reset_mechanism=how, init_hidden=True, output=last)
        )
    renamed |= {f"{k}.{key.rpartition('.')[2]}": value for key, value in held.items() if key.rpartition(".")[0] == name}
net = torch.nn.Sequential(*layers)
missing = net.load_state_dict(renamed, strict=False)
assert not [key for key in missing.missing_keys if "weight" in key or "bias" in key], missing
x = (np.random.default_rng(7).random((samples, steps, layers[0].in_features)) < share).astype(np.float32)
shown = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.zeros(samples, dtype=torch.long))
batch = torch.utils.data.DataLoader(shown, batch_size=samples)
metrics = [[ConnectionSparsity], [ActivationSparsity, SynapticOperations]]
with torch.no_grad():
    found = Benchmark(SNNTorchModel(net), batch, [], [lambda s: s.sum(1).argmax(1)], metrics).run(quiet=True)
operations = found["SynapticOperations"]
np.savez(out, **{key: value.numpy() for key, value in renamed.items()})
np.savez(out + ".figures.npz", x=np.packbits(x > 0, axis=-1), inputs=x.shape[2], found=[
    found["ConnectionSparsity"], found["ActivationSparsity"],
    operations["Effective_ACs"], operations["Effective_MACs"], operations["Dense"]])
"""


def main(python: str, folder: str) -> None:
    """Print both figures of each network, and their difference."""
    for file, (samples, steps, share) in SHIPPED.items():
        with tempfile.TemporaryDirectory() as place:
            net = f"{place}/net.npz"
            subprocess.run(
                [python, "-c", THERE, f"{folder}/{file}", str(samples), str(steps), str(share), net],
                check=True,
            )
            network, _ = import_state_dict(Path(net))
            with np.load(f"{net}.figures.npz") as stored:
                x = np.unpackbits(stored["x"], axis=-1)[..., : int(stored["inputs"])]
                wanted = dict(zip(FIGURES, stored["found"].tolist(), strict=True))
        shown = infer(network, LabelledSamples(x, np.zeros(samples, np.int64)), "ideal-bits")
        found = dict(workload(network, shown.replay, samples))
        print(f"{file}: {'-'.join(map(str, network.sizes))}, {samples} samples of {steps} steps")
        for name in FIGURES:
            here, there = float(found[name]), wanted[name]  # type: ignore[arg-type]
            print(f"  {name}: {here!r} here, {there!r} there; {here - there:+.3g}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
