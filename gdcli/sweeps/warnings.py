"""What people should know about a sweep: warnings of its plans, remarks on its best run, how its runs diverged."""

from __future__ import annotations

from gdcli.engine.trace import Status
from gdcli.experiment.grouping import grouped_warnings, setting_text
from gdcli.sweeps.points import Sweep
from gdcli.sweeps.result import SweepResult, SweepRun


def warnings_of(sweep: Sweep) -> list[str]:
    """List what a person should know about the runs of a sweep, each thing once.

    Args:
        sweep: The grid, planned.

    Returns:
        `scaler=minmax: …` for what is about some settings only, by the values that they have in common.
    """
    plans = [(point.setting, point.plan) for point in sweep.points]
    return grouped_warnings(plans, by_seed=sweep.seeds > 1)


def best_run_warnings(result: SweepResult) -> list[str]:
    """Say of the best run of a sweep what its status does not: that it ended above its start, for one.

    Args:
        result: The sweep.

    Returns:
        Lines; none where there is no best run, or nothing to say of it.
    """
    run = result.best_run
    if run is None:
        return []
    return [f"best run, {_name(run, result)}: {remark.sentence}" for remark in run.remarks]


def divergence(result: SweepResult) -> str:
    """Say of a sweep in which no setting has a finite median how many runs diverged, and how one of them did.

    Args:
        result: The sweep; at least one run diverged.

    Returns:
        `every setting diverged; optimizer.lr=5 diverged at epoch 7: …`
    """
    diverged = [run for run in result.runs if run.summary["status"] == Status.DIVERGED]
    run, runs = diverged[0], len(result.runs)
    counted = f"at least half of the seeds of every setting diverged ({len(diverged)} of {runs} runs)"
    what = "every setting diverged" if len(diverged) == runs else counted
    return f"{what}; {_name(run, result)} {run.remarks[0].sentence}"


def _name(run: SweepRun, result: SweepResult) -> str:
    """The setting of a run, and its seed where there are several."""
    seed = {"seed": run.plan.spec.seed} if result.sweep.seeds > 1 else {}
    return setting_text({**run.point.setting, **seed})
