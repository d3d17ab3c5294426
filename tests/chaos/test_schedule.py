"""Every run has everything that may go wrong, and can be repeated."""

import pytest

from tests.chaos.schedule import JOB_FAULTS, REFUSALS, Accident, accidents, job_options
from tryon.sandbox.faults import SEEDS

SOME_SEEDS = range(50)


def schedule_of(seed: int) -> list[Accident]:
    return accidents(seed, seconds=30, redis_seconds=20)


def time_of(name: str, planned: list[Accident]) -> float:
    return next(accident.at for accident in planned if accident.name.startswith(name))


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another() -> None:
    def told(seed: int) -> list[tuple[float, str]]:
        return [(accident.at, accident.name) for accident in schedule_of(seed)]

    assert told(7) == told(7)
    assert told(7) != told(8)
    assert job_options(7, 40) == job_options(7, 40)
    assert job_options(7, 40) != job_options(8, 40)


@pytest.mark.parametrize("seed", SOME_SEEDS)
def test_every_run_has_every_kind_of_accident(seed: int) -> None:
    planned = schedule_of(seed)
    names = " ".join(accident.name for accident in planned)
    assert all(f"run answers {refusal} " in names for refusal in REFUSALS)
    assert "SIGKILL worker" in names
    assert time_of("Redis started", planned) - time_of("Redis stopped", planned) == pytest.approx(20)
    assert time_of("FLUSHALL", planned) < time_of("Redis stopped", planned)


@pytest.mark.parametrize("seed", SOME_SEEDS)
def test_every_fault_strikes_some_job_and_none_by_chance(seed: int) -> None:
    seeds = [options["seed"] for options in job_options(seed, 40)]
    assert set(JOB_FAULTS) <= set(seeds)
    assert set(seeds) & set(SEEDS) == set(JOB_FAULTS)
    assert any("background" in options for options in job_options(seed, 40))
