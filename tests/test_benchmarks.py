"""The harness of the benchmarks: verdicts and checks, without peers and without a clock."""

import json
from dataclasses import asdict

import pytest

from benchmarks.harness import Lap, NotAvailable, Report, Row, Timing, compare, peer, race
from benchmarks.problems import abalone
from benchmarks.report import from_json, markdown, verdict


def timing(seconds: float, *reached: float) -> Timing:
    return Timing(seconds, seconds, seconds, 1, seconds, reached)


def test_a_race_takes_turns_and_medians() -> None:
    called: list[str] = []
    seconds = iter([9.0, 9.0, 1.0, 10.0, 3.0, 30.0, 2.0, 20.0])

    def lap(name: str) -> Lap:
        called.append(name)
        return Lap(next(seconds), (0.5,))

    times = race({"a": lambda: lap("a"), "b": lambda: lap("b")}, runs=3, warmups=1)
    assert called == ["a", "b"] * 4
    assert times["a"] == Timing(2.0, 1.0, 3.0, 3, 2.0, (0.5,))
    assert times["b"].median == 20.0
    assert times["b"].times(10).median == 200.0


@pytest.mark.parametrize(
    ("ours", "theirs", "aim", "expected"),
    [
        (1.0, 60.0, {"at_least": 60}, "yes"),
        (1.0, 30.0, {"at_least": 60}, "**no**: 2.00 × too slow"),
        (1.3, 1.0, {"at_most": 1.3}, "yes"),
        (2.6, 1.0, {"at_most": 1.3}, "**no**: 2.00 × too slow"),
        (1.0, 1.0, {}, ""),
    ],
)
def test_a_verdict_with_its_factor(ours: float, theirs: float, aim: dict[str, float], expected: str) -> None:
    assert verdict(compare("work", ("gdcli", timing(ours)), ("peer", timing(theirs)), **aim)) == expected


@pytest.mark.parametrize(
    ("reached", "sound", "check"),
    [
        ((2.0, 1.0, 4.0), True, "loss 0e+00, weights 0e+00"),
        ((2.0, 1.0, 4.004), False, "loss 0e+00, weights 1e-03"),
        ((2.002, 1.0, 4.0), False, "loss 1e-03, weights 0e+00"),
        ((2.0,), True, "loss 0e+00"),
        ((float("nan"),), False, "loss nan"),
        ((), True, ""),
    ],
)
def test_losses_and_weights_are_compared(reached: tuple[float, ...], sound: bool, check: str) -> None:
    row = compare("work", ("gdcli", timing(1, *reached)), ("peer", timing(99, 2.0, 1.0, 4.0)), at_least=2)
    assert (row.sound, row.check) == (sound, check)
    assert verdict(row) == ("yes" if sound else "**losses differ**")


def test_a_missing_peer_is_named() -> None:
    with pytest.raises(NotAvailable, match=r"^no_such_peer is not installed \("):
        peer("no_such_peer.inner")


def test_findings_survive_json_and_become_a_table() -> None:
    rows = [
        compare("fits", ("gdcli", timing(0.05, 1.0)), ("loop", timing(1.0, 1.0)), at_least=6),
        Row(work="fits", ours="gdcli", peer="PyTorch", at_least=1000, missing="not available yet"),
    ]
    found = Report(rows=rows, notes=["A note."], tables=["| a |"])
    again = from_json(json.dumps(asdict(found)))
    assert markdown(again) == markdown(found)
    assert markdown(found).splitlines()[2:4] == [
        "| fits | gdcli | 50 ms (n=1) | loop | 1 s (n=1) | 20 × as fast | ≥ 6 × | yes | loss 0e+00 |",
        "| fits | gdcli |  | PyTorch |  |  | ≥ 1,000 × | not available yet |  |",
    ]


def test_the_numpy_loops_are_gdclis_arithmetic() -> None:
    from benchmarks.peers import numpy_adam, numpy_sgd

    problem = abalone()
    for kind, loop in (("sgd", numpy_sgd), ("adam", numpy_adam)):
        mine = problem.run(kernel="numpy", batch_size=50, epochs=3, optimizer={"kind": kind, "lr": 0.01})()
        other = problem.judge(loop(problem, lr=0.01, epochs=3, size=50))
        assert mine.reached == pytest.approx(other, rel=1e-12)
