"""Full batch: 1,000,000 rows × 10 columns, 1,000 epochs, against PyTorch; and ten times the epochs."""

from __future__ import annotations

from functools import partial

from benchmarks.harness import Contestant, Lap, NotAvailable, Report, Row, Timing, compare, peer, race, timed
from benchmarks.peers import torch_full_batch
from benchmarks.problems import gaussian
from benchmarks.report import main

ROWS, COLUMNS, EPOCHS, RATE = 1_000_000, 10, 1_000, 0.001
WORK = f"full batch, {ROWS:,} rows × {COLUMNS} columns, {EPOCHS:,} epochs"


def _whole(contestant: Contestant) -> Contestant:
    """Time the whole of `gdcli.run`, since most of the work is the factorisation."""

    def lap() -> Lap:
        done = contestant()
        return Lap(done.whole or done.seconds, done.reached, done.seconds)

    return lap


def report() -> Report:
    """Measure."""
    problem, findings = gaussian(ROWS, COLUMNS), Report()
    keys = {"batch_size": "full", "optimizer": {"kind": "sgd", "lr": RATE}}
    ours = race(
        {
            "1": _whole(problem.run(kernel="auto", epochs=EPOCHS, **keys)),
            "10": _whole(problem.run(kernel="auto", epochs=10 * EPOCHS, **keys)),
        },
        runs=5,
    )
    once, tenfold = ours["1"], ours["10"]
    try:
        peer("torch")
        loop = partial(torch_full_batch, problem, lr=RATE)
        torch_time = race({"": timed(partial(loop, epochs=EPOCHS), problem.judge)}, runs=1, warmups=0)[""]
        single = race({"": timed(partial(loop, epochs=EPOCHS // 10, dtype="float32"))}, runs=1)[""].times(10)
        findings.rows += [
            compare(WORK, ("the whole of gdcli.run", once), ("PyTorch", torch_time), at_least=60),
            compare(
                WORK,
                ("the whole of gdcli.run, in double", once),
                ("PyTorch in single precision, 100 epochs × 10", single),
                rtol=None,
            ),
        ]
    except NotAvailable as error:
        findings.rows.append(Row(work=WORK, ours="", peer="PyTorch", at_least=60, missing=str(error)))
    findings.rows.append(
        compare("ten times the epochs", ("10,000 epochs", tenfold), ("1,000 epochs", once), at_most=1.3, rtol=None)
    )
    findings.notes.append(_anatomy(once, tenfold))
    return findings


def _anatomy(once: Timing, tenfold: Timing) -> str:
    epoch = (tenfold.whole - once.whole) / (9 * EPOCHS)  # `whole` holds the descent alone here, see _whole
    fixed = once.median - once.whole
    return (
        f"Full batch: of the {once.median:.2f} s, {fixed:.2f} s are spent once (reading the frame, factoring "
        f"{ROWS:,} rows, the optimum) and {epoch * 1e6:.0f} µs on each epoch, whatever the number of rows. "
        f"Ten times the epochs stay within 1.3 × as long as an epoch costs at most "
        f"{0.3 * fixed / (8.7 * EPOCHS) * 1e6:.0f} µs."
    )


if __name__ == "__main__":
    main(report)
