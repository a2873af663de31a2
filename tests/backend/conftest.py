"""Fixtures of the service's tests."""

from collections.abc import Iterator

import pytest

from tests.paths import SHIPPED
from tests.serving import with_settings


@pytest.fixture(scope="module")
def shipped_model(django_is_set_up: None) -> Iterator[None]:
    from backend.reading import engines

    with with_settings(model=SHIPPED):
        engines.models.cache_clear()
        yield
    engines.models.cache_clear()


@pytest.fixture
def no_jobs(django_is_set_up: None) -> Iterator[None]:
    """Afterwards."""
    yield
    from backend.jobs import work
    from backend.jobs.models import Job

    Job.objects.all().delete()
    work.close_file()
    work.stopping.clear()
