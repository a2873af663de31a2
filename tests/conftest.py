"""Fixtures that several test files share."""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.serving import ROOT, Service, environment, running_service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One real service, for all tests that only ask it for things."""
    with running_service(tmp_path_factory.mktemp("service") / "log") as service:
        yield service


@pytest.fixture(scope="session")
def django_is_set_up() -> Iterator[None]:
    """The service's Django in this process, with the tiny model, as ``manage.py`` sets it up."""
    sys.path.insert(0, str(ROOT / "backend"))
    os.environ.update(environment())
    import django
    from django.test.utils import setup_test_environment, teardown_test_environment

    django.setup()
    setup_test_environment()
    yield
    teardown_test_environment()
