"""Cases about numbers of all magnitudes."""

from __future__ import annotations

from reference import Rows, hold_mse
from trial import DIVERGED, DONE, WRONG_DATA, Trial

LARGEST = 1e150  # of a cell
SMALLEST = 1e-150  # of a cell other than 0 whose square is no 0
SMALLEST_TARGET = 1e-140  # of the largest cell of a target


def extreme_case(trial: Trial) -> None:
    """Columns of all magnitudes, run by any optimizer."""
    chance = trial.chance
    top = chance.choice([150, 150, 308])
    scales = [10.0 ** chance.uniform(-top, min(top, 307)) for _ in range(chance.randint(2, 4))]
    count = chance.randint(2, 6)
    columns = {
        f"c{i}": [chance.choice([0, 1, -1, 0.5]) * scale for _ in range(count)] for i, scale in enumerate(scales)
    }
    values = [value for column in columns.values() for value in column]
    listed = ", ".join(f"{name}: {column!r}" for name, column in columns.items())
    scaler, target = (chance.choice(["none", "zscore", "minmax", "maxabs", "robust"]) for _ in range(2))
    kind = chance.choice(["sgd", "momentum", "adam", "lion", "rprop", "adagrad"])
    trial.write(
        "s.yaml",
        f"dataset: {{inline: {{{listed}}}}}\nepochs: 4\nscaler: {{features: {scaler}, target: {target}}}\n"
        f"optimizer: {{kind: {kind}, lr: {10.0 ** chance.uniform(-12, 3)}}}\n"
        f"batch_size: {chance.choice(['full', 1])}\n",
    )
    plot = [] if chance.random() < 0.02 else ["--no-plot"]
    size = max(map(abs, columns[f"c{len(columns) - 1}"]))
    is_fit = max(map(abs, values)) <= LARGEST and not 0 < size < SMALLEST_TARGET
    outcome = trial.gdcli("run", "s.yaml", "--json", *plot, codes={DONE, DIVERGED} if is_fit else {WRONG_DATA})
    if is_fit and min((abs(value) for value in values if value), default=1) >= SMALLEST:
        cells = [[repr(value) for value in row] for row in zip(*columns.values(), strict=True)]
        document = outcome.document()
        rows = Rows(list(columns), cells)
        hold_mse(document["optimum_mse"], rows, rows.names[:-1], rows.names[-1], outcome)
