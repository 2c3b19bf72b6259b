"""Cases about specs and command lines, on data that are right."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from mutation import changed_bytes, changed_tree
from trial import DIVERGED, DONE, UNEXPECTED, WRONG_DATA, WRONG_SPEC, Trial

from gdcli.engine.optimizers import OPTIMIZERS

ANY = {DONE, WRONG_SPEC, WRONG_DATA, DIVERGED, UNEXPECTED}
DATA = "x,z,y\n1,2,3\n2,1,4\n3,5,9\n4,3,8\n5,5,2\n"
SCHEDULES: list[Any] = [
    *("constant", "cosine", "polynomial", "one_cycle", "linear", "optimal", {"kind": "step", "every": 2}),
    {"kind": "multistep", "milestones": [1, 3]},
    {"kind": "piecewise", "boundaries": [2], "values": [0.1, 0.01]},
    {"kind": "exponential", "gamma": 0.9},
    {"kind": "inverse_time", "decay": 0.1},
    {"kind": "cosine_restarts", "period": 2},
    {"kind": "triangular", "lr_min": 0.001, "up": 2},
    [{"kind": "warmup", "length": 2}, "constant"],
]
OPTIONAL: dict[str, list[Any]] = {
    "name": ["mine", "a.b-c"],
    "columns": [{"features": ["x", "z"], "target": "y"}, {"intercept": False}, {"target": "x"}],
    "scaler": ["zscore", "sigmoid", {"features": "minmax", "target": "robust"}],
    "split": [{"validation": 0.4}, {"validation": 0.2, "shuffle": False}],
    "batch_size": ["full", 1, 2, 3],
    "shuffle": ["once", "never"],
    "optimizer": [*OPTIMIZERS, {"kind": "adam", "lr": 0.1, "betas": [0.5, 0.9]}, {"lr": 1e-3}, {"lr": "auto"}],
    "schedule": SCHEDULES,
    "init": ["zeros", [0.5, -0.5, 0.1]],
    "seed": [1, 2**32 - 1],
    "stop": [{"gap": 1e-3}, {"patience": 1, "min_delta": 0.1}],
    "expect": [{"final_mse": 1.0}, {"optimum_mse": 4.0, "tolerance": 10.0}],
}
DATASETS: list[Any] = [
    *("d.csv", ["d.csv"], "d*.csv", {"path": "d.csv", "delimiter": ","}),
    {"inline": {"x": [1, 2, 4], "y": [0, 1, 5]}},
    {"synthetic": {"rows": 8, "weights": [1.0, -2.0], "noise": 0.1}},
]
# Runs that are long because of their settings are not a hang.
LONG = re.compile(r"(epochs|rows|count)\W+[0-9.]*([0-9]{4}|e[+]?[0-9])")
GRIDS = [
    "optimizer.lr=log:1e-3:1:3",
    "optimizer.lr=0.1,auto",
    "seed=1,2",
    "scaler=none,zscore",
    "optimizer.kind=sgd,adam",
    "epochs=1,2",
    "x=1",
]


def spec_case(trial: Trial) -> None:
    """A spec changed in up to three places, and in its bytes now and then."""
    chance = trial.chance
    spec = _spec(chance)
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        spec = changed_tree(spec, chance)
    is_unknown = isinstance(spec, dict) and chance.random() < 0.1
    if is_unknown:
        spec["zq"] = chance.choice([1, None, {}])
    text = _yaml(spec)
    content = text.encode("utf-8", "surrogatepass")
    if not is_unknown and chance.random() < 0.3:
        content = changed_bytes(content, chance)
    if LONG.search(content.decode("utf-8", "replace")):
        return
    trial.write("d.csv", DATA)
    trial.write("s.yaml", content)
    trial.write("ok.yaml", "dataset: d.csv\nepochs: 2\n")
    commands = [
        *[["run", "s.yaml", "--no-plot"]] * 4,
        ["check", "s.yaml"],
        ["compare", "s.yaml", "ok.yaml", "--no-plot"],
        ["sweep", "s.yaml", "--no-plot", "--workers", "1", "--grid", chance.choice(GRIDS)],
    ]
    outcome = trial.gdcli(*chance.choice(commands), codes={WRONG_SPEC} if is_unknown else ANY)
    if outcome.code == WRONG_SPEC:
        lines = [line for line in outcome.err.splitlines() if not line.startswith("warning: ")]
        assert all(re.match(r"(s\.yaml|ok\.yaml|sweep|--grid|results)", line) for line in lines), outcome


def command_case(trial: Trial) -> None:
    """A command line of words that are known and some that are not."""
    chance = trial.chance
    trial.write("d.csv", DATA)
    trial.write("s.yaml", "dataset: d.csv\nepochs: 2\nexpect: {optimum_mse: 7.0, tolerance: 10.0}\n")
    trial.write("t.yaml", "dataset: d.csv\nepochs: 3\noptimizer: {kind: adam, lr: 0.1}\n")
    trial.write("bad.yaml", "dataset: d.csv\nepochs: -3\nscaler: zscor\n")
    trial.write("lost.yaml", "dataset: e.csv\n")
    command = chance.choice(["run", "compare", "sweep", "optimum", "check", "", "rnu"])
    paths = ["s.yaml", "t.yaml", "d.csv", "bad.yaml", "lost.yaml", ".", "no.yaml", "results", "", "\udcff", "²"]
    words = [command, *chance.choices(paths, [8, 6, 4, 1, 1, 1, 1, 1, 1, 1, 1], k=chance.choice([0, 1, 1, 2, 3]))]
    for _ in range(chance.choice([0, 1, 2, 4])):
        words += chance.choice(_OPTIONS)(chance)
    if command in ("run", "compare", "sweep", "check") and chance.random() < 0.95:
        words.append("--no-plot")
    trial.gdcli(*words, codes=ANY)


def _spec(chance: random.Random) -> dict[str, Any]:
    keys = chance.sample(list(OPTIONAL), chance.randint(0, 6))
    spec = {"dataset": chance.choice(DATASETS), "epochs": chance.randint(0, 6)}
    return {**spec, **{key: chance.choice(OPTIONAL[key]) for key in keys}}


def _yaml(value: Any) -> str:
    """JSON is YAML, but for the numbers that JSON has not."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r"(-?)\b(NaN|Infinity)\b", lambda m: m[1] + (".nan" if m[2] == "NaN" else ".inf"), text)


def _valued(option: str, *values: str) -> Any:
    return lambda chance: [option, chance.choice(values)]


_OPTIONS = [
    _valued("--out", "results", "d.csv", "results/deep/er"),
    _valued(
        "--set", "epochs=1", "epochs=-1", "optimizer.lr=1e9", "².a=1", "a", "name=x", "schedule.0.x=1", "seed=0xff"
    ),
    _valued("--set", "dataset=[d.csv]", "dataset=none.csv", "init=[", "split.validation=0.5", "columns.target=z"),
    _valued("--grid", *GRIDS, "seed=", "²=1,2", "optimizer.lr=log:0:1:3", "optimizer.kind=adma", "seed=1,1"),
    _valued("--seeds", "1", "2", "0", "x", "²"),
    _valued("--workers", "1"),
    _valued("--features", "x", "x,z", "q", ",", "x,x", "y"),
    _valued("--target", "y", "x", "q", ""),
    _valued("--scaler", "zscore", "sigmoid", "zscor", ""),
    _valued("--kernel", "auto", "numpy", "fast"),
    *[lambda _, flag=flag: [flag] for flag in ("--json", "--quiet", "--zip", "--resume", "--curves", "--help")],
    *[lambda _, flag=flag: [flag] for flag in ("--no-intercept", "--no", "--version", "--")],
]
