"""The LIF network in SANA-FE (Boyle et al. 2025) on its Loihi: input on core 0, hidden on 1 to 4, output on 5."""


def prepare(given):
    """Return version, reset and work: spikes, synaptic events, packets and energy are counted, nothing is traced."""
    from importlib.metadata import version
    from importlib.resources import files

    import sanafe

    raster, matrices = given["raster"], [given["w0"], given["w1"]]
    arch = sanafe.load_arch(str(files("sanafe.examples").joinpath("loihi.yaml")))
    cores = arch.cores()
    network = sanafe.Network()
    synapse = "loihi_dense_synapse"
    source = network.create_neuron_group("input", raster.shape[1], default_synapse_hw_name=synapse)
    trains = [[bool(bit) for bit in column] for column in raster.T]
    for i, neuron in enumerate(source.neurons):
        neuron.set_attributes(soma_hw_name=f"loihi_inputs[{i}]")
        neuron.map_to_core(cores[0])
    lif = {"threshold": float(given["threshold"]), "leak_decay": float(given["leak"]), "reset_mode": "hard"}
    groups = [source]
    for name, matrix, first, parts in (("hidden", matrices[0], 1, 4), ("output", matrices[1], 5, 1)):
        n = matrix.shape[1]
        group = network.create_neuron_group(
            name, n, model_attributes=lif, default_synapse_hw_name=synapse, soma_hw_name="loihi_lif"
        )
        for i, neuron in enumerate(group.neurons):
            neuron.map_to_core(cores[first + i * parts // n])
        groups[-1].connect_neurons_dense(group, {"weight": [float(w) for w in matrix.ravel()]})
        groups.append(group)
    chip = sanafe.SpikingChip(arch)
    chip.load(network)
    timing = str(given["timing"])

    def reset():
        # An input neuron uses its train up.
        for neuron, train in zip(chip.mapped_neuron_groups["input"], trains):
            neuron.set_attributes(model_attributes={"spikes": train})
        chip.reset()

    def work():
        seen = chip.sim(len(raster), timing_model=timing, processing_threads=1)
        return {"fired": seen["neurons_fired"], "events": seen["spikes"], "packets": seen["packets_sent"]}

    return "SANA-FE " + version("sanafe"), reset, work
