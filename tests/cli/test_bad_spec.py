"""Wrong specs and wrong command lines: the whole message, exit code 2, no files."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from workbench import Bench

from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES
from gdcli.spec.model import ScalerName

D = "dataset: d.csv\n"
TOP = (
    "known: name, dataset, columns, scaler, split, batch_size, shuffle, optimizer, schedule, epochs, init, seed, "
    "stop, expect"
)
KNOWN_OPTIMIZERS = f"known: {', '.join(OPTIMIZERS)}"
KNOWN_SCHEDULES = ", ".join(SCHEDULES)
SCALERS = ", ".join(get_args(ScalerName))
BATCH = "2:1: batch_size must be `full` or an integer of at least 1, got"
INIT = "2:1: init must be `normal`, `zeros` or a list of numbers, got"
HUGE = str(10**30)
AT_MOST = f"must be at most 1000000000, got {HUGE}"
ONE_SOURCE = "1:1: dataset needs exactly one of path, synthetic and inline, got"
NO_DATASET = "s.yaml: dataset is required: a path, or {inline: …}, or {synthetic: …}"

# The line after `dataset: d.csv`, and the fault in it from its line number on.
LINES: dict[str, str] = {
    # unknown keys
    "epoch: 1": "2:1: unknown key 'epoch'; did you mean 'epochs'?",
    "Seed: 1": "2:1: unknown key 'Seed'; did you mean 'seed'?",
    "batchsize: 1": "2:1: unknown key 'batchsize'; did you mean 'batch_size'?",
    "lr: 1": "2:1: unknown key 'lr'; did you mean 'optimizer.lr'?",
    "target: y": "2:1: unknown key 'target'; did you mean 'columns.target'?",
    "1: 1": f"2:1: unknown key '1'; {TOP}",
    "columns: {feature: [x]}": "2:11: unknown key 'feature' in columns; did you mean 'features'?",
    "columns: {y: target}": "2:11: unknown key 'y' in columns; known: features, target, intercept",
    "scaler: {feature: none}": "2:10: unknown key 'feature' in scaler; did you mean 'features'?",
    "split: {validation: 0.5, shuffel: true}": "2:26: unknown key 'shuffel' in split; did you mean 'shuffle'?",
    "stop: {gap: 1, patient: 3}": "2:16: unknown key 'patient' in stop; did you mean 'patience'?",
    "expect: {final: 1}": "2:10: unknown key 'final' in expect; did you mean 'final_mse'?",
    "optimizer: {kind: adam, beta: [0, 0]}": (
        "2:25: unknown key 'beta' in optimizer of kind adam; did you mean 'betas'?"
    ),
    "optimizer: {nesterov: 1}": "2:13: unknown key 'nesterov' in optimizer of kind sgd; known: kind, lr, weight_decay",
    "schedule: {kind: cosine, eta: 0}": "2:26: unknown key 'eta' in schedule of kind cosine; did you mean 'eta_min'?",
    "schedule: [{kind: warmup, length: 3, star_factor: 1}, constant]": (
        "2:38: unknown key 'star_factor' in schedule[0] of kind warmup; did you mean 'start_factor'?"
    ),
    # columns
    "columns: 3": "2:1: columns must be a mapping, got 3",
    "columns: [x]": "2:1: columns must be a mapping, got a list of 1",
    "columns:": "2:1: columns must be a mapping, got nothing",
    "columns: {features: x}": "2:11: columns.features must be a list such as [Length, Diameter], got 'x'",
    "columns: {features: []}": "2:11: columns.features must have at least 1 value, got 0",
    "columns: {features: [1]}": "2:22: columns.features[0] must be text, got 1; write '1' in quotes",
    "columns: {features: [x, [z]]}": "2:25: columns.features[1] must be text, got a list of 1",
    "columns: {features: [true]}": "2:22: columns.features[0] must be text, got true",
    "columns: {features: [x, x]}": "2:25: column 'x' is listed twice among the features",
    "columns: {features: [x, y], target: y}": "2:25: the target 'y' cannot be a feature too",
    "columns: {target: 3}": "2:11: columns.target must be text, got 3; write '3' in quotes",
    "columns: {target: [y]}": "2:11: columns.target must be text, got a list of 1",
    "columns: {intercept: 1}": "2:11: columns.intercept must be true or false, got 1",
    "columns: {intercept: 'true'}": "2:11: columns.intercept must be true or false, got 'true'",
    "columns: {intercept: }": "2:11: columns.intercept must be true or false, got nothing",
    "columns: {features: [intercept, x]}": (
        "2:22: with an intercept, no feature can be called 'intercept'; rename it, or set intercept: false"
    ),
    # scaler
    "scaler: 3": "2:1: scaler must be a name or a mapping, got 3",
    "scaler:": "2:1: scaler must be a name or a mapping, got nothing",
    "scaler: [zscore]": "2:1: scaler must be a name or a mapping, got a list of 1",
    "scaler: z_score": f"2:1: scaler.features must be one of {SCALERS}, got 'z_score'; did you mean 'zscore'?",
    "scaler: ''": f"2:1: scaler.features must be one of {SCALERS}, got ''",
    "scaler: {features: 3}": f"2:10: scaler.features must be one of {SCALERS}, got 3",
    "scaler: {target: log}": f"2:10: scaler.target must be one of {SCALERS}, got 'log'",
    "scaler: {target: sigmoid}": (
        "2:10: scaler.target cannot be sigmoid: it has no inverse for predictions outside (0, 1), so losses "
        "could not be given in the units of the file; use zscore, minmax, maxabs or robust"
    ),
    # split
    "split: 0.2": "2:1: split must be a mapping, got 0.2",
    "split: {}": "2:1: split.validation is required",
    "split: {validation: 0}": "2:9: split.validation must be greater than 0, got 0",
    "split: {validation: 1}": "2:9: split.validation must be less than 1, got 1",
    "split: {validation: -0.5}": "2:9: split.validation must be greater than 0, got -0.5",
    "split: {validation: .nan}": "2:9: split.validation must be a finite number, got nan",
    "split: {validation: half}": "2:9: split.validation must be a number, got 'half'",
    "split: {validation: 0.2, shuffle: no}": "2:26: split.shuffle must be true or false, got 'no'",
    # batch_size, shuffle
    "batch_size: 0": f"{BATCH} 0",
    "batch_size: -3": f"{BATCH} -3",
    "batch_size: 2.0": f"{BATCH} 2.0",
    "batch_size: half": f"{BATCH} 'half'",
    "batch_size: true": f"{BATCH} true",
    "batch_size:": f"{BATCH} nothing",
    "batch_size: [2]": f"{BATCH} a list of 1",
    "batch_size: .inf": f"{BATCH} inf",
    "shuffle: eachepoch": (
        "2:1: shuffle must be one of each_epoch, once, never, got 'eachepoch'; did you mean 'each_epoch'?"
    ),
    "shuffle: true": "2:1: shuffle must be one of each_epoch, once, never, got true",
    "shuffle: no": "2:1: shuffle must be one of each_epoch, once, never, got 'no'",
    "shuffle:": "2:1: shuffle must be one of each_epoch, once, never, got nothing",
    # optimizer
    "optimizer: 3": "2:1: optimizer must be a name or a mapping, got 3",
    "optimizer:": "2:1: optimizer must be a name or a mapping, got nothing",
    "optimizer: [adam]": "2:1: optimizer must be a name or a mapping, got a list of 1",
    "optimizer: admm": "2:1: unknown optimizer 'admm'; did you mean 'adam'?",
    "optimizer: ''": f"2:1: unknown optimizer ''; {KNOWN_OPTIMIZERS}",
    "optimizer: {kind: 3}": f"2:13: unknown optimizer 3; {KNOWN_OPTIMIZERS}",
    "optimizer: {lr: 0}": "2:13: optimizer.lr must be greater than 0, got 0",
    "optimizer: {lr: -0.1}": "2:13: optimizer.lr must be greater than 0, got -0.1",
    "optimizer: {lr: .nan}": "2:13: optimizer.lr must be a finite number, got nan",
    "optimizer: {lr: .inf}": "2:13: optimizer.lr must be a finite number, got inf",
    "optimizer: {lr: -.inf}": "2:13: optimizer.lr must be a finite number, got -inf",
    "optimizer: {lr: 1e400}": "2:13: optimizer.lr must be a finite number, got inf",
    "optimizer: {lr: fast}": "2:13: optimizer.lr must be a number, got 'fast'",
    "optimizer: {lr: '0.1'}": "2:13: optimizer.lr must be a number, got '0.1'",
    "optimizer: {lr: true}": "2:13: optimizer.lr must be a number, got true",
    "optimizer: {lr: }": "2:13: optimizer.lr must be a number, got nothing",
    "optimizer: {lr: [0.1]}": "2:13: optimizer.lr must be a number, got a list of 1",
    "optimizer: {weight_decay: -1}": "2:13: optimizer.weight_decay must be at least 0, got -1",
    "optimizer: {kind: adam, betas: [1.0, 0]}": "2:33: optimizer.betas[0] must be less than 1, got 1.0",
    "optimizer: {kind: adam, betas: [0.9, -0.1]}": "2:38: optimizer.betas[1] must be at least 0, got -0.1",
    "optimizer: {kind: lion, betas: [0.9, 1.5]}": "2:38: optimizer.betas[1] must be less than 1, got 1.5",
    "optimizer: {kind: adam, betas: [0.9, .nan]}": "2:38: optimizer.betas[1] must be a finite number, got nan",
    "optimizer: {kind: adam, betas: [0.9, high]}": "2:38: optimizer.betas[1] must be a number, got 'high'",
    "optimizer: {kind: adam, betas: [0.9]}": "2:25: optimizer.betas[1] is required",
    "optimizer: {kind: adam, betas: [0, 0, 0]}": "2:25: optimizer.betas must have at most 2 values, got 3",
    "optimizer: {kind: adam, betas: 0.9}": "2:25: optimizer.betas must be a list such as [0.9, 0.999], got 0.9",
    "optimizer: {kind: adam, eps: -1}": "2:25: optimizer.eps must be at least 0, got -1",
    "optimizer: {kind: adam, amsgrad: 1}": "2:25: optimizer.amsgrad must be true or false, got 1",
    "optimizer: {kind: momentum, momentum: 1}": "2:29: optimizer.momentum must be less than 1, got 1",
    "optimizer: {kind: momentum, nesterov: true, dampening: 0.5}": (
        "2:29: optimizer.nesterov needs a momentum and no dampening"
    ),
    "optimizer: {kind: rmsprop, alpha: 1}": "2:28: optimizer.alpha must be less than 1, got 1",
    "optimizer: {kind: adadelta, rho: -1}": "2:29: optimizer.rho must be at least 0, got -1",
    "optimizer: {kind: rprop, etas: [1.5, 1.2]}": "2:33: optimizer.etas[0] must be less than 1, got 1.5",
    "optimizer: {kind: rprop, etas: [0.5, 0.9]}": "2:38: optimizer.etas[1] must be greater than 1, got 0.9",
    # schedule
    "schedule: 3": "2:1: schedule must be a name, a mapping or a list, got 3",
    "schedule:": "2:1: schedule must be a name, a mapping or a list, got nothing",
    "schedule: []": "2:1: schedule must have at least 1 element",
    "schedule: [3]": "2:12: schedule[0] must be a name or a mapping, got 3",
    "schedule: cosin": "2:1: unknown schedule 'cosin'; did you mean 'cosine'?",
    "schedule: [{kind: cosin}]": "2:13: unknown schedule 'cosin'; did you mean 'cosine'?",
    "schedule: {gamma: 0.1}": f"2:1: schedule.kind is required: {KNOWN_SCHEDULES}",
    "schedule: step": "2:1: schedule.every is required",
    "schedule: [{kind: step}]": "2:12: schedule[0].every is required",
    "schedule: {kind: step, every: 0}": "2:24: schedule.every must be at least 1, got 0",
    "schedule: {kind: step, every: 1.5}": "2:24: schedule.every must be an integer, got 1.5",
    "schedule: {kind: step, every: 10, gamma: 0}": "2:35: schedule.gamma must be greater than 0, got 0",
    "schedule: {kind: step, every: 10, interval: steps}": (
        "2:35: schedule.interval must be one of epoch, step, got 'steps'; did you mean 'step'?"
    ),
    "schedule: {kind: exponential, gamma: .nan}": "2:31: schedule.gamma must be a finite number, got nan",
    "schedule: {kind: multistep, milestones: [30, 20]}": "2:29: schedule.milestones must increase, got 30, 20",
    "schedule: {kind: multistep, milestones: [20, 20]}": "2:29: schedule.milestones must increase, got 20, 20",
    "schedule: {kind: multistep, milestones: []}": "2:29: schedule.milestones must have at least 1 value, got 0",
    "schedule: {kind: multistep, milestones: [0]}": "2:42: schedule.milestones[0] must be at least 1, got 0",
    "schedule: {kind: multistep, milestones: 30}": "2:29: schedule.milestones must be a list such as [30, 60], got 30",
    "schedule: {kind: piecewise, boundaries: [9, 3], values: [1, 1, 1]}": (
        "2:29: schedule.boundaries must increase, got 9, 3"
    ),
    "schedule: {kind: piecewise, boundaries: [30], values: [0.1]}": (
        "2:47: schedule.values must have at least 2 values, got 1"
    ),
    "schedule: {kind: piecewise, boundaries: [30, 60], values: [0.1, 0.2]}": (
        "2:51: schedule.values must have one more value than boundaries (3), got 2"
    ),
    "schedule: {kind: piecewise, boundaries: [30], values: [0.1, -1]}": (
        "2:61: schedule.values[1] must be at least 0, got -1"
    ),
    "schedule: {kind: one_cycle, pct_start: 0.7, three_phase: true}": (
        "2:29: schedule.pct_start must be at most 0.5 with three_phase, got 0.7"
    ),
    "schedule: {kind: one_cycle, anneal: lin}": (
        "2:29: schedule.anneal must be one of cosine, linear, got 'lin'; did you mean 'linear'?"
    ),
    "schedule: {kind: one_cycle, total: 50}": (
        "2:29: schedule.total is 50 and leaves 50 of 100 epochs without a rate; leave it out to span the run"
    ),
    "schedule: [{kind: one_cycle, total: 30, length: 50}, constant]": (
        "2:30: schedule[0].total is 30 and leaves 20 of 50 epochs without a rate; leave it out to span the run"
    ),
    "schedule: {kind: warmup}": "2:1: schedule.length is required",
    "schedule: {kind: constant, length: 50}": (
        "2:28: schedule.length is only for the elements of a list; did you mean epochs?"
    ),
    "schedule: [{kind: warmup, length: 5}, {kind: constant, length: 50}]": (
        "2:1: the schedule ends after 55 epochs and leaves 45 of the run's 100 without a rate; "
        "leave out the length of its last element"
    ),
    "schedule: [{kind: warmup, length: 5}, constant, cosine]": (
        "2:39: schedule[1].length is required: only the last element of a list may omit it"
    ),
    "schedule: [{kind: warmup, length: 5, interval: step}, {kind: cosine}]": (
        "2:55: all elements of a schedule must have the same interval"
    ),
    "schedule: optimal\noptimizer: momentum": (
        "2:1: schedule cannot be optimal with optimizer momentum: only for sgd are such rates known; "
        "use optimizer sgd or another schedule"
    ),
    "schedule: {kind: optimal}\noptimizer: {kind: sgd, weight_decay: 0.1}": (
        "2:1: schedule cannot be optimal with optimizer.weight_decay, got 0.1: "
        "the best steps may then need rates that are not real; set it to 0"
    ),
    "schedule: optimal\nbatch_size: 2": (
        "2:1: schedule cannot be optimal with batch_size 2: its rates are best for exact gradients only; "
        "use batch_size: full or another schedule"
    ),
    "schedule: {kind: optimal, interval: step}": (
        "2:27: schedule.interval of kind optimal must be epoch: full batches take one step per epoch"
    ),
    "schedule: [{kind: constant, length: 5}, optimal]": (
        "2:41: schedule[1] cannot be optimal: its rates are those of a whole run; use no list"
    ),
    # epochs, seed
    "epochs: -1": "2:1: epochs must be at least 0, got -1",
    "epochs: 1.5": "2:1: epochs must be an integer, got 1.5",
    "epochs: 1e2": "2:1: epochs must be an integer, got 100.0",
    "epochs: ten": "2:1: epochs must be an integer, got 'ten'",
    "epochs: '5'": "2:1: epochs must be an integer, got '5'",
    "epochs: true": "2:1: epochs must be an integer, got true",
    "epochs:": "2:1: epochs must be an integer, got nothing",
    "epochs: [3]": "2:1: epochs must be an integer, got a list of 1",
    "epochs: {a: 3}": "2:1: epochs must be an integer, got a mapping",
    "epochs: .inf": "2:1: epochs must be an integer, got inf",
    "seed: -1": "2:1: seed must be at least 0, got -1",
    "seed: 4294967296": "2:1: seed must be less than 4294967296, got 4294967296",
    "seed: 1.5": "2:1: seed must be an integer, got 1.5",
    "seed: abc": "2:1: seed must be an integer, got 'abc'",
    "seed:": "2:1: seed must be an integer, got nothing",
    # init
    "init: uniform": f"{INIT} 'uniform'",
    "init: 3": f"{INIT} 3",
    "init: {x: 3}": f"{INIT} a mapping",
    "init:": f"{INIT} nothing",
    "init: [1, 2, x]": "2:14: init[2] must be a number, got 'x'",
    "init: [1, true, 2]": "2:11: init[1] must be a number, got true",
    "init: [1, 2, .nan]": "2:14: init[2] must be a finite number, got nan",
    "init: [.inf, 2, 3]": "2:8: init[0] must be a finite number, got inf",
    # stop, expect
    "stop: 3": "2:1: stop must be a mapping, got 3",
    "stop: {}": "2:1: stop needs a gap, a patience or both",
    "stop: {min_delta: 0.1}": "2:1: stop needs a gap, a patience or both",
    "stop: {gap: -1}": "2:8: stop.gap must be at least 0, got -1",
    "stop: {gap: .nan}": "2:8: stop.gap must be a finite number, got nan",
    "stop: {patience: 0}": "2:8: stop.patience must be at least 1, got 0",
    "stop: {patience: 1.5}": "2:8: stop.patience must be an integer, got 1.5",
    "stop: {patience: 3, min_delta: -1}": "2:21: stop.min_delta must be at least 0, got -1",
    "expect: 3": "2:1: expect must be a mapping, got 3",
    "expect: {}": "2:1: expect needs at least one of final_mse, optimum_mse, gap, gap_ratio, status",
    "expect: {tolerance: 1}": "2:1: expect needs at least one of final_mse, optimum_mse, gap, gap_ratio, status",
    "expect: {final_mse: -1}": "2:10: expect.final_mse must be at least 0, got -1",
    "expect: {optimum_mse: .inf}": "2:10: expect.optimum_mse must be a finite number, got inf",
    "expect: {final_mse: 1, tolerance: -1}": "2:24: expect.tolerance must be at least 0, got -1",
    # counts beyond what any machine can do
    f"epochs: {HUGE}": f"2:1: epochs {AT_MOST}",
    "epochs: 1000000000000": "2:1: epochs must be at most 1000000000, got 1000000000000",
    f"schedule: {{kind: step, every: {HUGE}}}": f"2:24: schedule.every {AT_MOST}",
    f"schedule: {{kind: multistep, milestones: [{HUGE}]}}": f"2:42: schedule.milestones[0] {AT_MOST}",
    f"schedule: {{kind: polynomial, total: {HUGE}}}": f"2:30: schedule.total {AT_MOST}",
    f"schedule: {{kind: linear, total: {HUGE}}}": f"2:26: schedule.total {AT_MOST}",
    f"schedule: {{kind: cosine_restarts, period: {HUGE}}}": f"2:35: schedule.period {AT_MOST}",
    f"schedule: {{kind: cosine_restarts, period: 1, multiplier: {HUGE}}}": f"2:46: schedule.multiplier {AT_MOST}",
    f"schedule: {{kind: triangular, lr_min: 0, up: {HUGE}}}": f"2:41: schedule.up {AT_MOST}",
    f"schedule: {{kind: warmup, length: {HUGE}}}": f"2:26: schedule.length {AT_MOST}",
}


@pytest.mark.parametrize(("line", "fault"), LINES.items(), ids=LINES)
def test_one_fault(bench: Bench, line: str, fault: str) -> None:
    bench.refuses(2, f"s.yaml:{fault}", spec=f"{D}{line}\n")


# The first line, where the dataset is, and the fault in it.
DATASETS: dict[str, str] = {
    "dataset:": "1:1: dataset must be a path or a mapping, got nothing",
    "dataset: 3": "1:1: dataset must be a path or a mapping, got 3",
    "dataset: true": "1:1: dataset must be a path or a mapping, got true",
    "dataset: []": "1:1: dataset.path must not be empty",
    "dataset: [d.csv, d.csv]": "1:1: dataset.path names 'd.csv' twice",
    "dataset: [d.csv, 3]": "1:1: dataset.path[1] must be text, got 3; write '3' in quotes",
    "dataset: {path: [d.csv, 3]}": "1:25: dataset.path[1] must be text, got 3; write '3' in quotes",
    "dataset: {path: {a: 1}}": "1:11: dataset.path must be text, got a mapping",
    "dataset: ''": "1:1: dataset.path must not be empty",
    "dataset: {}": f"{ONE_SOURCE} none of them",
    "dataset: {path: }": f"{ONE_SOURCE} none of them",
    "dataset: {path: d.csv, inline: {x: [1], y: [2]}}": f"{ONE_SOURCE} path and inline",
    "dataset: {path: 3}": "1:11: dataset.path must be text, got 3; write '3' in quotes",
    "dataset: {path: d.csv, delimeter: ;}": "1:24: unknown key 'delimeter' in dataset; did you mean 'delimiter'?",
    "dataset: {path: d.csv, delimiter: ''}": "1:24: dataset.delimiter must be 1 character long, got ''",
    "dataset: {path: d.csv, delimiter: ab}": "1:24: dataset.delimiter must be 1 character long, got 'ab'",
    "dataset: {path: d.csv, delimiter: 3}": "1:24: dataset.delimiter must be text, got 3; write '3' in quotes",
    "dataset: {path: d.csv, decimal: ''}": "1:24: dataset.decimal must be one of '.', ',', got ''",
    "dataset: {synthetic: 3}": "1:11: dataset.synthetic must be a mapping, got 3",
    "dataset: {synthetic: {rows: 3, wieghts: [1]}}": (
        "1:11: dataset.synthetic.weights is required\n"
        "s.yaml:1:32: unknown key 'wieghts' in dataset.synthetic; did you mean 'weights'?"
    ),
    "dataset: {synthetic: {rows: 0, weights: [1]}}": "1:23: dataset.synthetic.rows must be at least 1, got 0",
    "dataset: {synthetic: {rows: 3, weights: []}}": "1:32: dataset.synthetic.weights must have at least 1 value, got 0",
    "dataset: {synthetic: {rows: 3, weights: 3}}": (
        "1:32: dataset.synthetic.weights must be a list such as [1, 2, 3], got 3"
    ),
    "dataset: {synthetic: {rows: 3, weights: [a]}}": "1:42: dataset.synthetic.weights[0] must be a number, got 'a'",
    "dataset: {synthetic: {rows: 3, weights: [1], noise: -1}}": (
        "1:46: dataset.synthetic.noise must be at least 0, got -1"
    ),
    "dataset: {synthetic: {rows: 3, weights: [1], features: gauss}}": (
        "1:46: dataset.synthetic.features must be one of normal, uniform, got 'gauss'"
    ),
    "dataset: {synthetic: {rows: 3, weights: [1, 2], column_factors: [1]}}": (
        "1:49: dataset.synthetic.column_factors must have one value per weight (2), got 1"
    ),
    "dataset: {synthetic: {rows: 3, weights: [1], bias: .nan}}": (
        "1:46: dataset.synthetic.bias must be a finite number, got nan"
    ),
    f"dataset: {{synthetic: {{rows: {HUGE}, weights: [1]}}}}": f"1:23: dataset.synthetic.rows {AT_MOST}",
    "dataset: {inline: 3}": "1:11: dataset.inline must be a mapping, got 3",
    "dataset: {inline: [1]}": "1:11: dataset.inline must be a mapping, got a list of 1",
    "dataset: {inline: {}}": "1:11: dataset.inline needs at least one column with at least one row",
    "dataset: {inline: {x: []}}": "1:11: dataset.inline needs at least one column with at least one row",
    "dataset: {inline: {x: 3}}": "1:20: dataset.inline.x must be a list such as [1, 2, 3], got 3",
    "dataset: {inline: {x: [1, 2], y: [1]}}": (
        "1:11: the columns of dataset.inline must have the same number of rows, got x 2, y 1"
    ),
    "dataset: {inline: {x: [1, 2], y: [1, .nan]}}": (
        "1:38: dataset.inline.y[1] must be a finite number or text, got nan"
    ),
    "dataset: {inline: {x: [1, 2], y: [1, -.inf]}}": (
        "1:38: dataset.inline.y[1] must be a finite number or text, got -inf"
    ),
    "dataset: {inline: {x: [1, 2], y: [1, null]}}": (
        "1:38: dataset.inline.y[1] must be a finite number or text, got nothing"
    ),
    "dataset: {inline: {x: [1, 2], y: [1, true]}}": (
        "1:38: dataset.inline.y[1] must be a finite number or text, got true"
    ),
    "dataset: {inline: {x: [1, 2], y: [1, [2]]}}": (
        "1:38: dataset.inline.y[1] must be a finite number or text, got a list of 1"
    ),
}


@pytest.mark.parametrize(("line", "fault"), DATASETS.items(), ids=DATASETS)
def test_dataset(bench: Bench, line: str, fault: str) -> None:
    bench.refuses(2, f"s.yaml:{fault}", spec=f"{line}\n")


@pytest.mark.parametrize("mark", ['"\\n"', '"\\0"', "'\"'", "é", "'1'", "'.'", "'-'"])
def test_delimiter_that_cannot_be_one(bench: Bench, mark: str) -> None:
    message = re.compile(r"s\.yaml:1:24: dataset\.delimiter must be [^\n]+, got [^\n]+")
    bench.refuses(2, message, spec=f"dataset: {{path: d.csv, delimiter: {mark}}}\n")


@pytest.mark.parametrize("mark", ["'1'", "'-'", "é", '"\\n"', "e"])
def test_decimal_mark_that_cannot_be_one(bench: Bench, mark: str) -> None:
    message = re.compile(r"s\.yaml:1:24: dataset\.decimal must be one of [^\n]+, got [^\n]+")
    bench.refuses(2, message, spec=f"dataset: {{path: d.csv, decimal: {mark}}}\n")


def test_decimal_mark_is_the_delimiter(bench: Bench) -> None:
    message = "s.yaml:1:24: dataset.decimal must differ from dataset.delimiter, got ',' for both"
    bench.refuses(2, message, spec="dataset: {path: d.csv, decimal: ','}\n")


def test_no_dataset(bench: Bench) -> None:
    bench.refuses(2, NO_DATASET, spec="epochs: 3\n")


def test_all_faults_at_once_sorted_by_line(bench: Bench) -> None:
    spec = """\
seed: x
schedule: [cos, {kind: step}]
optimizer: {kind: adam, lr: 0, betas: [2, 3]}
epochs: -1
scaler:
  target: sigmoid
  features: log
color: red
split:
    validation: 7
columns:
  features: [x, x]
init: [1, .nan]
"""
    message = f"""\
{NO_DATASET}
s.yaml:1:1: seed must be an integer, got 'x'
s.yaml:2:12: unknown schedule 'cos'; did you mean 'cosine'?
s.yaml:2:17: schedule[1].every is required
s.yaml:3:25: optimizer.lr must be greater than 0, got 0
s.yaml:3:40: optimizer.betas[0] must be less than 1, got 2
s.yaml:3:43: optimizer.betas[1] must be less than 1, got 3
s.yaml:4:1: epochs must be at least 0, got -1
s.yaml:7:3: scaler.features must be one of {SCALERS}, got 'log'
s.yaml:8:1: unknown key 'color'; {TOP}
s.yaml:10:5: split.validation must be less than 1, got 7
s.yaml:12:17: column 'x' is listed twice among the features
s.yaml:13:11: init[1] must be a finite number, got nan"""
    bench.refuses(2, message, spec=spec)


def test_faults_in_the_spec_and_in_its_data_at_once(bench: Bench) -> None:
    bench.write("data/abalone.csv", "Length,Diameter,Rings\n1,2,3\n2,1,4\n")
    spec = "dataset: ../data/abalone.csv\ncolumns:\n  features:\n    - Lenght\noptimizer:\n  kind: sgd\n  lr: -0.1\n"
    bench.write("experiments/abalone.yaml", spec)
    message = (
        "experiments/abalone.yaml:4:7: no column 'Lenght' in data/abalone.csv; did you mean 'Length'?\n"
        "experiments/abalone.yaml:7:3: optimizer.lr must be greater than 0, got -0.1"
    )
    bench.refuses(2, message, "run", "experiments/abalone.yaml")


def test_faults_of_several_specs_at_once(bench: Bench) -> None:
    bench.write("b.yaml", D + "epochs: -1\n")
    bench.write("a.yaml", D + "seed: -1\n")
    message = "a.yaml:2:1: seed must be at least 0, got -1\nb.yaml:2:1: epochs must be at least 0, got -1"
    for command in ("run", "compare", "check"):
        bench.refuses(2, message, command, "b.yaml", "a.yaml")


@pytest.mark.parametrize("order", [("bad.yaml", "lost.yaml"), ("lost.yaml", "bad.yaml")])
def test_wrong_spec_beside_missing_data(bench: Bench, order: tuple[str, str]) -> None:
    bench.write("bad.yaml", D + "epochs: -1\n")
    bench.write("lost.yaml", "dataset: rows_of_last_year.csv\n")
    message = "bad.yaml:2:1: epochs must be at least 0, got -1\nlost.yaml:1:1: no data file rows_of_last_year.csv"
    bench.refuses(2, message, "run", *order)


# id → the rest of a spec that is wrong in its second line, and what the data have against it
BESIDE: dict[str, tuple[str, list[str]]] = {
    "batch": (
        "batch_size: 50\n",
        ["s.yaml:3:1: batch_size is 50, and there are only 4 training rows; use `full` or at most 4"],
    ),
    "init": ("init: [1]\n", ["s.yaml:3:1: init must have 3 numbers, one for each of x, z, intercept; got 1"]),
    "split": (
        "split: {validation: 0.99}\nbatch_size: 9\n",
        ["s.yaml:3:9: split.validation 0.99 of 4 rows leaves no row to train on"],
    ),
    "all": (
        "split: {validation: 0.5}\nbatch_size: 3\ninit: [1, 2]\n",
        [
            "s.yaml:4:1: batch_size is 3, and there are only 2 training rows; use `full` or at most 2",
            "s.yaml:5:1: init must have 3 numbers, one for each of x, z, intercept; got 2",
        ],
    ),
    "column": ("columns: {features: [x, q]}\n", ["s.yaml:3:25: no column 'q' in d.csv; known: x, z, y"]),
}


@pytest.mark.parametrize(("more", "faults"), BESIDE.values(), ids=BESIDE)
def test_faults_of_spec_and_data_at_once(bench: Bench, more: str, faults: list[str]) -> None:
    message = "\n".join(["s.yaml:2:1: epochs must be at least 0, got -1", *faults])
    bench.refuses(2, message, spec=f"{D}epochs: -1\n{more}")


def test_faults_of_data_at_once(bench: Bench) -> None:
    message = (
        "s.yaml:2:1: batch_size is 9, and there are only 4 training rows; use `full` or at most 4\n"
        "s.yaml:3:1: init must have 3 numbers, one for each of x, z, intercept; got 1"
    )
    bench.refuses(3, message, spec=f"{D}batch_size: 9\ninit: [1]\n")


# id → the schedule, further keys, and the warnings
NOTED: dict[str, tuple[str, str, list[str]]] = {
    "cosine_longer": (
        "{kind: cosine, total: 500}",
        "",
        ["schedule.total extends to epoch 500, but there are only 100"],
    ),
    "cosine_shorter": (
        "{kind: cosine, total: 50}",
        "",
        ["schedule.total ends at epoch 50 of 100: the rate rises again from there on"],
    ),
    "polynomial_shorter": (
        "{kind: polynomial, total: 50}",
        "",
        ["schedule.total ends at epoch 50 of 100: the rate is 0 from there on"],
    ),
    "linear_longer": (
        "{kind: linear, total: 500}",
        "",
        ["schedule.total extends to epoch 500, but there are only 100"],
    ),
    "linear_shorter": ("{kind: linear, total: 50}", "", []),
    "one_cycle_longer": (
        "{kind: one_cycle, total: 500}",
        "",
        ["schedule.total extends to epoch 500, but there are only 100"],
    ),
    "one_cycle_fits": ("{kind: one_cycle, total: 100}", "", []),
    "milestones_beyond": (
        "{kind: multistep, milestones: [30, 200]}",
        "",
        ["schedule.milestones extends to epoch 201, but there are only 100"],
    ),
    "boundaries_beyond": (
        "{kind: piecewise, boundaries: [200], values: [0.01, 0.02]}",
        "",
        ["schedule.boundaries extends to epoch 201, but there are only 100"],
    ),
    "warmup_longer": (
        "{kind: warmup, length: 500}",
        "",
        ["schedule.length extends to epoch 500, but there are only 100"],
    ),
    "list_longer": (
        "[{kind: warmup, length: 5}, {kind: constant, length: 500}]",
        "",
        ["the elements of the schedule take 505 epochs, but the run has only 100"],
    ),
    "list_fits": ("[{kind: warmup, length: 5}, {kind: constant, length: 95}]", "", []),
    "list_last_never_begins": (
        "[{kind: warmup, length: 100}, cosine]",
        "",
        ["schedule[1] never begins: the elements before it take up the whole run (100 epochs)"],
    ),
    "steps_longer": (
        "{kind: cosine, interval: step, total: 500}",
        "batch_size: 1\nepochs: 10\n",
        ["schedule.total extends to step 500, but there are only 40"],
    ),
    "steps_shorter": (
        "{kind: cosine, interval: step, total: 10}",
        "batch_size: 1\nepochs: 10\n",
        ["schedule.total ends at step 10 of 40: the rate rises again from there on"],
    ),
    "steps_milestones": (
        "{kind: multistep, interval: step, milestones: [10, 100]}",
        "batch_size: 1\nepochs: 10\n",
        ["schedule.milestones extends to step 101, but there are only 40"],
    ),
    "steps_list_longer": (
        "[{kind: warmup, interval: step, length: 10}, {kind: constant, interval: step, length: 100}]",
        "batch_size: 1\nepochs: 10\n",
        ["the elements of the schedule take 110 steps, but the run has only 40"],
    ),
}


@pytest.mark.parametrize(("schedule", "more", "warnings"), NOTED.values(), ids=NOTED)
def test_schedule_and_run_differ_in_length(bench: Bench, schedule: str, more: str, warnings: list[str]) -> None:
    said = "\n".join(f"warning: s: {warning}" for warning in warnings)
    bench.runs(spec=f"{D}optimizer: {{lr: 0.001}}\nschedule: {schedule}\n{more}", warnings=said)
    bench.runs("run", "s.yaml", "--no-plot", "--quiet")


# How many steps a run has is known with the data only: exit code 3. id → the schedule, and the fault
UNCOVERED: dict[str, tuple[str, str]] = {
    "one_cycle": (
        "{kind: one_cycle, interval: step, total: 10}",
        "4:45: schedule.total is 10 and leaves 30 of 40 steps without a rate; leave it out to span the run",
    ),
    "list": (
        "[{kind: warmup, interval: step, length: 10}, {kind: constant, interval: step, length: 10}]",
        "4:1: the schedule ends after 20 steps and leaves 20 of the run's 40 without a rate; "
        "leave out the length of its last element",
    ),
}


@pytest.mark.parametrize(("schedule", "fault"), UNCOVERED.values(), ids=UNCOVERED)
def test_steps_without_a_rate(bench: Bench, schedule: str, fault: str) -> None:
    bench.refuses(3, f"s.yaml:{fault}", spec=f"{D}batch_size: 1\nepochs: 10\nschedule: {schedule}\n")


def test_init_does_not_fit_the_columns(bench: Bench) -> None:
    message = "s.yaml:2:1: init must have 3 numbers, one for each of x, z, intercept; got 1"
    bench.refuses(3, message, spec=D + "init: [1]\n")


# --set KEY=VALUE, and the message without `--set KEY=VALUE: `
OVERRIDES: dict[str, str] = {
    "epochs": "write KEY=VALUE, such as optimizer.lr=0.1",
    "=3": "write KEY=VALUE, such as optimizer.lr=0.1",
    "": "write KEY=VALUE, such as optimizer.lr=0.1",
    "epoch=3": "unknown key 'epoch'; did you mean 'epochs'?",
    "optimzer.lr=1": "unknown key 'optimzer'; did you mean 'optimizer'?",
    "optimizer.momentun=1": "unknown key 'momentun' in optimizer of kind sgd; known: kind, lr, weight_decay",
    "columns.feature=[x]": "unknown key 'feature' in columns; did you mean 'features'?",
    "a.b.c=1": f"unknown key 'a'; {TOP}",
    ".lr=1": f"unknown key ''; {TOP}",
    "epochs=": "epochs must be an integer, got nothing",
    "epochs=ten": "epochs must be an integer, got 'ten'",
    "epochs==3": "epochs must be an integer, got '=3'",
    "epochs=[1": "not valid YAML: expected ',' or ']', but got '<stream end>'",
    "epochs=*a": "not valid YAML: found undefined alias 'a'",
    "epochs={a: 1, a: 2}": "key 'a' is given twice, first on line 1",
    "epochs=!!python/object:os.system 3": "the tag !!python/object:os.system is not allowed in a spec",
    "epochs.x=3": "epochs is 3 and has no key 'x'",
    "dataset.path.x=1": "dataset.path is 'd.csv' and has no key 'x'",
    "optimizer.lr=-1": "optimizer.lr must be greater than 0, got -1",
    "split.validation=2": "split.validation must be less than 1, got 2",
    "init=[1, x, 2]": "init[1] must be a number, got 'x'",
    "name=../x": (
        "name must be letters, digits, '.', '_', '-', at most 64 and not starting with a dot, got '../x'; "
        "set `name:` in the spec"
    ),
    "schedule.0.length=-5": "schedule[0].length must be at least 1, got -5",
    "schedule.5.length=2": "schedule is a list of 2 and has no key '5'",
    "schedule.1.gamma=2": "unknown key 'gamma' in schedule[1] of kind constant; known: kind, interval, length",
    "columns.features.0=z": "set columns.features as a whole: one element alone cannot be set",
    "².a=1": f"unknown key '²'; {TOP}",
    "schedule.².length=1": "schedule is a list of 2 and has no key '²'",
    "schedule.٣.length=1": "schedule is a list of 2 and has no key '٣'",
    f"schedule.{'9' * 5000}.length=1": f"schedule is a list of 2 and has no key '{'9' * 5000}'",
    "a." * 60 + "b=1": "nested deeper than 50 levels",
    "a." * 5000 + "b=1": "nested deeper than 50 levels",
    "epochs=" + "[" * 5000: "nested deeper than 50 levels",
    "epochs=a\0b": "not valid YAML: a control character is not allowed",
    f"seed=0x{'f' * 3600}": "seed must be an integer, got inf",
    f"seed=-{'9' * 5000}": "seed must be an integer, got -inf",
    f"init=[1, -{'9' * 309}]": "init[1] must be a finite number, got -inf",
}


@pytest.mark.parametrize(("override", "message"), OVERRIDES.items(), ids=OVERRIDES)
def test_override(bench: Bench, override: str, message: str) -> None:
    bench.write(
        "s.yaml", f"{D}epochs: 3\ncolumns: {{features: [x]}}\nschedule: [{{kind: warmup, length: 2}}, constant]\n"
    )
    shown = override.replace("\0", "\\x00")
    bench.refuses(2, f"--set {shown}: {message}", "run", "s.yaml", "--set", override)


@pytest.mark.parametrize("key", ["²", "a²"])
def test_axis_of_an_unknown_key(bench: Bench, key: str) -> None:
    bench.write("s.yaml", D)
    outcome = bench.gd("sweep", "s.yaml", "--grid", f"{key}=1,2")
    assert outcome.code == 2
    assert f"unknown key '{key}'" in outcome.err


# id → the spec, the number of its faults, and the first of them
CROWDS: dict[str, tuple[str, int, str]] = {
    "init": (f"{D}init: [{'a, ' * 9000}]\n", 9000, "2:8: init[0] must be a number, got 'a'"),
    "features": (
        f"{D}columns: {{features: [{'x, ' * 9001}]}}\n",
        9000,
        "2:25: column 'x' is listed twice among the features",
    ),
    "cells": (
        f"dataset: {{inline: {{a: [{'[], ' * 9000}]}}}}\n",
        9000,
        "1:24: dataset.inline.a[0] must be a finite number or text, got a list of 0",
    ),
    "keys": (
        D + "".join(f"k{i}: 1\n" for i in range(9000)),
        9000,
        f"2:1: unknown key 'k0'; {TOP}",
    ),
}


@pytest.mark.parametrize(("spec", "count", "first"), CROWDS.values(), ids=CROWDS)
def test_the_first_of_many_faults(bench: Bench, spec: str, count: int, first: str) -> None:
    bench.write("s.yaml", spec)
    outcome = bench.gd("run", "s.yaml")
    lines = outcome.err.splitlines()
    assert outcome.code == 2
    assert lines[0] == f"s.yaml:{first}"
    assert lines[50:] == [f"s.yaml: and {count - 50} more faults; correct these first"]


def test_long_names_are_cut(bench: Bench) -> None:
    long, shown = "a" * 100_000, "a" * 57 + "…"
    bench.refuses(2, f"s.yaml:2:3: unknown key '{shown}'; {TOP}", spec=f"{D}? {long}\n: 1\n")
    milestones = ", ".join(["1"] * 20)
    message = f"s.yaml:2:29: schedule.milestones must increase, got {milestones[:57]}…"
    bench.refuses(2, message, spec=f"{D}schedule: {{kind: multistep, milestones: [{milestones}, 1]}}\n")


# what is written, and what it is taken for
MEANT: dict[str, str] = {
    "amad": "adam",
    "adma": "adam",
    "admaw": "adamw",
    "sdg": "sgd",
    "ADAM": "adam",
    "rmsporp": "rmsprop",
    "momentun": "momentum",
    "ada_grad": "adagrad",
}


@pytest.mark.parametrize(("word", "meant"), MEANT.items())
def test_suggestion(bench: Bench, word: str, meant: str) -> None:
    bench.refuses(2, f"s.yaml:2:1: unknown optimizer '{word}'; did you mean '{meant}'?", spec=f"{D}optimizer: {word}\n")


@pytest.mark.parametrize("word", ["lbfgs", "newton", "x"])
def test_no_suggestion(bench: Bench, word: str) -> None:
    bench.refuses(2, f"s.yaml:2:1: unknown optimizer '{word}'; {KNOWN_OPTIMIZERS}", spec=f"{D}optimizer: {word}\n")


def test_overrides_and_spec_are_wrong_at_once(bench: Bench) -> None:
    bench.write("s.yaml", D + "epoch: 3\noptimizer: {kind: adam, lr: -1}\n")
    message = (
        "--set seed=-1: seed must be at least 0, got -1\n"
        "s.yaml:2:1: unknown key 'epoch'; did you mean 'epochs'?\n"
        "s.yaml:3:25: optimizer.lr must be greater than 0, got -1"
    )
    bench.refuses(2, message, "run", "s.yaml", "--set", "seed=-1")


def test_override_corrects_a_fault(bench: Bench) -> None:
    bench.write("s.yaml", D + "epochs: -1\n")
    bench.runs("run", "s.yaml", "--no-plot", "--set", "epochs=2")


COMMAND_LINES: dict[str, tuple[list[str], str]] = {
    "unknown_command": (["runn"], r"Usage: gdcli \[OPTIONS\] COMMAND .*No such command 'runn'.*"),
    "unknown_option": (["run", "s.yaml", "--jsn"], r"Usage: gdcli run .*No such option: --jsn.*--json.*"),
    "unknown_top_option": (["--foo"], r"Usage: gdcli .*No such option: --foo.*"),
    "no_spec": (["run"], r"Usage: gdcli run .*Missing argument.*SPEC.*"),
    "no_specs_to_compare": (["compare"], r"Usage: gdcli compare .*Missing argument.*SPEC.*"),
    "no_data": (["optimum"], r"Usage: gdcli optimum .*Missing argument.*DATA.*"),
    "nothing_to_check": (["check"], r"Usage: gdcli check .*Missing argument.*SPEC.*"),
    "two_data": (["optimum", "d.csv", "d.csv"], r"Usage: gdcli optimum .*unexpected extra argument.*d\.csv.*"),
    "out_without_value": (["run", "s.yaml", "--out"], r".*Option '--out' requires an argument.*"),
    "set_without_value": (["run", "s.yaml", "--set"], r".*Option '--set' requires an argument.*"),
    "flag_with_value": (["run", "s.yaml", "--json=1"], r".*Option '--json' does not take a value.*"),
}


@pytest.mark.parametrize(("arguments", "pattern"), COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_command_line(bench: Bench, arguments: list[str], pattern: str) -> None:
    bench.write("s.yaml", D)
    bench.refuses(2, re.compile(pattern, re.DOTALL), *arguments)


# id → the command, and all that stderr says
SELECTIONS: dict[str, tuple[list[str], str]] = {
    "compare_one": (["compare", "s.yaml"], "gdcli compare: name at least two specs; `gdcli run` runs a single one"),
    "empty_folder": (["check", "empty"], "empty: no *.yaml in this folder"),
    "empty_folder_too": (["check", "s.yaml", "empty"], "empty: no *.yaml in this folder"),
    "no_expect": (["check", "s.yaml"], "s.yaml: none of these specs has an `expect` section"),
    "no_expect_in_folder": (["check", "folder"], "folder: none of these specs has an `expect` section"),
    "same_name": (
        ["run", "s.yaml", "folder/s.yaml"],
        "folder/s.yaml: has the same name as s.yaml, 's'; give one of them a `name` of its own",
    ),
    "given_twice": (["compare", "s.yaml", "s.yaml"], "s.yaml: is given twice; leave one out"),
    "same_name_compared": (
        ["compare", "s.yaml", "folder/s.yaml"],
        "folder/s.yaml: has the same name as s.yaml, 's'; give one of them a `name` of its own",
    ),
    "same_name_by_key": (
        ["run", "s.yaml", "other.yaml"],
        "other.yaml: has the same name as s.yaml, 's'; give one of them a `name` of its own",
    ),
    "same_name_by_override": (
        ["run", "s.yaml", "other.yaml", "--set", "name=t"],
        "other.yaml: has the same name as s.yaml, 't'; give one of them a `name` of its own",
    ),
    "unknown_feature": (
        ["optimum", "d.csv", "--features", "x,q"],
        "--features: no column 'q' in d.csv; known: x, z, y",
    ),
    "unknown_target": (["optimum", "d.csv", "--target", "Y"], "--target: no column 'Y' in d.csv; did you mean 'y'?"),
    "unknown_scaler": (
        ["optimum", "d.csv", "--scaler", "z-score"],
        f"--scaler: must be one of {SCALERS}, got 'z-score'; did you mean 'zscore'?",
    ),
    "feature_twice": (
        ["optimum", "d.csv", "--features", "x", "--features", "x"],
        "--features: column 'x' is listed twice among the features",
    ),
    "feature_is_target": (
        ["optimum", "d.csv", "--features", "x", "--target", "x"],
        "--features: the target 'x' cannot be a feature too",
    ),
    "no_feature": (["optimum", "d.csv", "--features", ","], "--features: name at least one column"),
}


@pytest.mark.parametrize(("arguments", "message"), SELECTIONS.values(), ids=SELECTIONS)
def test_selection(bench: Bench, arguments: list[str], message: str) -> None:
    bench.write("s.yaml", D)
    bench.write("folder/s.yaml", "dataset: ../d.csv\n")
    bench.write("other.yaml", D + "name: s\n")
    (bench.home / "empty").mkdir()
    code = 3 if "no column" in message else 2
    bench.refuses(code, message, *arguments)
