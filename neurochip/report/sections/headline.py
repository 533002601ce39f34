"""Title and headline numbers."""

from __future__ import annotations

from neurochip.description import RunSpec
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.page import page_head
from neurochip.report.quantities import decimal, duration, exact, percent, quantity, ratio
from neurochip.report.schema import Document, JoulesTable
from neurochip.report.sections.frame import card
from neurochip.report.wording import run_words, standard_error, warnings_of

__all__ = ["cards", "headline"]


def headline(document: Document) -> Markup:
    """Return the head of the page."""
    run = RunSpec.from_dict(document["run"])
    place = f"digital on {document['chip']['name']}" if run.substrate == "digital" else run.substrate
    facts: list[Content] = [
        *([document["data"]["name"]] if "data" in document else []),
        f"[{run.network.title}]",
        run.network.precision,
        place,
        f"seed {document['seed']}",
        document["time"]["started"].replace("T", " ")[:16] + " UTC",
        f"neurochip {document['versions'].get('neurochip', '?')}",
    ]
    if document["stopped_early"]:
        facts.append(tag("span", "stopped before its last epoch", class_="warn"))
    if document["resumed"]:
        facts.append(f"resumed {document['resumed']} ×")
    notes = (tag("p", sentence, class_="note") for sentence in warnings_of(document))
    return page_head(
        run.name, run_words(run), facts, *notes, tag("div", *cards(document, run), class_="cards")
    )


def cards(document: Document, run: RunSpec) -> list[Markup]:
    """Return the headline numbers."""
    curve = document["convergence"]
    found = _curve_cards(document) if curve is not None else _error_cards(document)
    bits, energy, time = document["bits"], document["energy_j"], document["time"]
    unit, whole = ("sample", "for all training") if curve is None else ("network", "in all")
    if run.substrate == "digital" and bits["per_sample"]:
        steps = f"{run.baseline.free} + {run.baseline.nudged}"
        against = ratio(bits["symbols"], bits["real_valued_32bit"])
        found.append(
            card(
                f"Bits per {unit}",
                quantity(bits["per_sample"]["symbols"], "bit"),
                f"{against} than 32-bit values in {steps} steps",
            )
        )
        firing = bits["spikes"] / bits["symbols"] if bits["symbols"] else 0.0
        found.append(
            card(
                f"Spikes per {unit}",
                quantity(bits["per_sample"]["spikes"]),
                f"a neuron fires on {percent(firing, 1)} of its ticks",
            )
        )
    elif bits["per_sample"] and run.substrate != "analog":
        sent = quantity(bits["per_sample"]["real_valued_sent"], "bit")
        found.append(card(f"Bits per {unit}", sent, "as 32-bit words"))
    if energy["per_sample"] is not None:
        found.append(
            card(
                f"Energy per {unit}",
                quantity(energy["per_sample"], "J"),
                _energy_words(energy, whole),
            )
        )
    if time["ticks_per_sample"] is not None:
        found.append(
            card(f"Ticks per {unit}", decimal(time["ticks_per_sample"]), f"{exact(time['ticks'])} in all")
        )
    speed = time["samples_per_s"]
    about = f"{speed:.0f} samples per second" if speed is not None else "of this computer"
    found.append(card("Emulation", duration(time["seconds"]), about))
    return found


def _energy_words(energy: JoulesTable, whole: str) -> str:
    """Return how much in all, how much for each percentage point of accuracy gained, and by whose energies."""
    each = energy.get("per_point")
    gained = "" if each is None else f", {quantity(each, 'J')} per percentage point"
    return f"{quantity(energy['training'] or 0.0, 'J')} {whole}{gained}; energies of {energy['energy_table']}"


def _error_cards(document: Document) -> list[Markup]:
    result = document["result"]
    spread, samples = standard_error(result), result["test_samples"]
    about = f"± {percent(spread)}, {exact(samples)} samples" if spread is not None and samples else ""
    epochs = f"{result['epochs'][-1]['epoch']:g}" if result["epochs"] else "0"
    train = f"after {epochs} epochs"
    if "regression" in document:
        return _regression_cards(document, train)
    if "heads" in document:
        return _head_cards(document, train)
    return [
        card("Test error", percent(result["test_error"]), about, "main"),
        card("Training error", percent(result["train_error"]), train),
    ]


def _regression_cards(document: Document, when: str) -> list[Markup]:
    found, result = document["regression"], document["result"]
    names = ", ".join(f"{output['name']} {decimal(output['rms'])}" for output in found["outputs"][:4])
    test, train = result["test_error"], result["train_error"]
    return [
        card("R², test", "–" if test is None else f"{1 - test:.3f}", when, "main"),
        card("R², training", "–" if train is None else f"{1 - train:.3f}", when),
        card("R.m.s. deviation", decimal(found["rms"]), names),
    ]


def _head_cards(document: Document, when: str) -> list[Markup]:
    table, result = document["heads"], document["result"]
    each = [
        f"{head['name']} R² {1 - head['error']:.3f}" if head["kind"] == "numbers"
        else f"{head['name']} {percent(head['error'])}"
        for head in table["each"][:4]
    ]  # fmt: skip
    samples = "" if result["test_samples"] is None else f" of {exact(result['test_samples'])} samples"
    found = [
        card("Test error", percent(result["test_error"]), f"mean of {', '.join(each)}", "main"),
        card("Training error", percent(result["train_error"]), when),
    ]
    if table["exact"] is not None:
        found.append(card("All right", percent(table["exact"]), f"classes and labels{samples}"))
    return found


def _curve_cards(document: Document) -> list[Markup]:
    curve = document["convergence"]
    if curve is None:
        return []

    def ended(tick: int) -> str:
        error = curve["mean_error"][tick] if curve["mean_error"] else None
        return "–" if error is None else decimal(error)

    free = min(curve["n_free"], len(curve["mean_error"])) - 1
    nudged = len(curve["mean_error"]) - curve["n_free"]
    return [
        card("Error, free", ended(free), f"mean |s − s*| after {curve['n_free']} ticks", "main"),
        card("Error, nudged", ended(-1), f"after {nudged} more"),
    ]
