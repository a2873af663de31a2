"""Who may ask: API keys, rates, other sites' pages, the admin, headers, and Django's own check of the production settings."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import copied
from tests.serving import ROOT, Service, environment, error, get, line_png, manage, parsed_figures, post, running_service, with_settings

pytestmark = pytest.mark.usefixtures("django_is_set_up")


class Guarded:
    """A service that asks for keys, with a database of its own."""

    def __init__(self, service: Service, database: Path) -> None:
        self.url, self.database = service.url, database

    def apikey(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return manage("apikey", *arguments, DATABASE_URL=f"sqlite:///{self.database}")

    def models(self, **headers: str) -> httpx.Response:
        return httpx.get(self.url + "/api/v1/models", headers=headers, trust_env=False)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    url = copied(empty_database, folder)
    with running_service(folder / "log", DATABASE_URL=url, RASM_API_KEYS="on", RASM_RATE_PER_KEY="4/d") as service:
        yield Guarded(service, Path(url.removeprefix("sqlite:///")))


def test_a_key_from_its_making_to_its_revocation(guarded: Guarded) -> None:
    key = guarded.apikey("create", "archive").stdout.strip()
    assert key.startswith("rasm_") and len(key) > 40
    assert key.encode() not in guarded.database.read_bytes()  # hashed
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        assert guarded.models(**headers).status_code == 200
    listed = guarded.apikey("list").stdout
    assert "archive" in listed and key not in listed and key[:11] in listed
    assert guarded.apikey("create", "archive").returncode == 1  # there is one
    assert guarded.apikey("revoke", "archive").returncode == 0
    assert error(guarded.models(Authorization=f"Bearer {key}")) == (401, "unauthorised")
    assert guarded.apikey("revoke", "nobody").returncode == 1


def test_without_a_key_only_health_and_documentation_are_to_be_had(guarded: Guarded) -> None:
    for headers in ({}, {"Authorization": "Bearer rasm_wrong"}, {"X-API-Key": "wrong"}, {"Authorization": "Basic YTpi"}):
        refusal = guarded.models(**headers)
        assert error(refusal) == (401, "unauthorised")
        assert refusal.headers["WWW-Authenticate"] == "Bearer"
    for path in ("/api/v1/ocr", "/ocr"):
        assert httpx.post(guarded.url + path, files={"files": ("a.png", line_png())}, trust_env=False).status_code == 401
    assert httpx.get(guarded.url + "/metrics", trust_env=False).status_code == 401
    for path in ("/health/live", "/health/ready", "/api/docs", "/api/openapi.json"):
        assert httpx.get(guarded.url + path, trust_env=False).status_code == 200
    schema = httpx.get(guarded.url + "/api/openapi.json", trust_env=False).json()
    assert schema["paths"]["/api/v1/ocr"]["post"]["security"] == [{"ApiKeyBearer": []}, {"ApiKeyHeader": []}]


def test_who_has_a_key_may_ask_from_anywhere(guarded: Guarded) -> None:
    key = guarded.apikey("create", "elsewhere").stdout.strip()

    def ask(**headers: str) -> httpx.Response:
        files = {"files": ("a.png", line_png())}
        return httpx.post(
            guarded.url + "/api/v1/ocr", files=files, headers={"Origin": "https://elsewhere.example", **headers}, trust_env=False
        )

    assert ask(Authorization=f"Bearer {key}").status_code == 200
    assert error(ask()) == (403, "cross_site")


def test_each_key_has_its_rate(guarded: Guarded) -> None:
    busy, idle = (guarded.apikey("create", name).stdout.strip() for name in ("busy", "idle"))
    replies = [guarded.models(Authorization=f"Bearer {busy}") for _ in range(5)]
    assert [reply.status_code for reply in replies] == [200] * 4 + [429]
    assert error(replies[-1]) == (429, "too_many_requests")
    assert 80_000 < int(replies[-1].headers["Retry-After"]) <= 86_400  # what is left of the day
    assert guarded.models(Authorization=f"Bearer {idle}").status_code == 200
    assert httpx.get(guarded.url + "/api/v1/jobs", headers={"X-API-Key": busy}, trust_env=False).status_code == 200  # counted by itself


def test_each_address_has_its_rate_and_cannot_make_one_up() -> None:
    from django.test import RequestFactory

    from backend.api.access import throttles

    with with_settings(rate_per_address="2/d", rate_per_key=""):
        [throttle], [of_another_operation] = throttles(), throttles()
    asked = [
        throttle.allow_request(RequestFactory().get("/", REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=f"10.0.0.{i}"))
        for i, address in enumerate(["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"])
    ]
    assert asked == [True, True, False, True]
    assert throttle.wait() is None
    busy = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    assert not throttle.allow_request(busy) and throttle.wait() > 80_000
    assert of_another_operation.allow_request(busy)


def test_a_rate_holds_for_many_at_once_and_each_is_told_its_own_time() -> None:
    from django.test import RequestFactory

    from backend.api.access import AddressThrottle

    throttle, together = AddressThrottle("20/d"), threading.Barrier(8)

    def ask(number: int) -> list[tuple[bool, bool]]:
        together.wait()
        request = RequestFactory().get("/", REMOTE_ADDR=f"192.0.2.{10 + number % 2}")
        return [(throttle.allow_request(request), throttle.wait() is None) for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        asked = [answer for answers in pool.map(ask, range(8)) for answer in answers]
    assert sum(is_allowed for is_allowed, _ in asked) == 40
    assert all(is_allowed == has_not_to_wait for is_allowed, has_not_to_wait in asked)


def test_keys_are_off_on_loopback_and_on_elsewhere_unless_a_setting_says() -> None:
    from backend.config.service_settings import is_loopback

    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "192.0.2.1")] == [True] * 3 + [False] * 3
    script = "from backend.config import settings; print(settings.RASM.api_keys)"
    for host, asked, expected in (("", "", "False"), ("0.0.0.0", "", "True"), ("0.0.0.0", "off", "False"), ("127.0.0.1", "on", "True")):
        variables = environment(HOST=host, RASM_API_KEYS=asked)
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=variables, capture_output=True, text=True)
        assert done.stdout.strip() == expected


def test_pages_of_other_sites_may_not_use_it() -> None:
    from django.test import Client

    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert post(("a.png", line_png()), Sec_Fetch_Site=site).status_code == status
    assert error(post(("a.png", line_png()), Sec_Fetch_Site="cross-site")) == (403, "cross_site")
    # older browsers, and all of them where a service is asked by plain HTTP from another machine, send the Origin alone
    for origin, status in (("http://testserver", 200), ("https://testserver:81", 403), ("null", 403), ("http://[", 403), ("", 403)):
        assert post(("a.png", line_png()), Origin=origin).status_code == status, origin
    for method in ("put", "patch", "delete"):
        assert error(getattr(Client(), method)("/api/v1/models", headers={"Sec-Fetch-Site": "cross-site"})) == (403, "cross_site")
    assert get("/", Sec_Fetch_Site="cross-site").status_code == 200  # a link to it
    assert "Access-Control-Allow-Origin" not in get("/health/live", Origin="https://elsewhere.example").headers


def test_headers_of_every_reply() -> None:
    for reply in (get("/health/live"), get("/nothing"), get("/api/docs"), post(("a.png", line_png()))):
        assert reply["X-Content-Type-Options"] == "nosniff"
        assert reply["X-Frame-Options"] == "DENY"
        assert reply["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in reply["Content-Security-Policy"]
        assert "Set-Cookie" not in reply.headers
    assert post(("a.png", line_png()))["Cache-Control"] == "no-store"


def test_djangos_check_of_the_production_settings_is_clean() -> None:
    key = "an example that is long enough, with 50 characters or more: 0123456789"
    done = manage("check", "--deploy", "--fail-level", "WARNING", SECRET_KEY=key, RASM_HTTPS="on")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_behind_https_plain_requests_are_sent_there_and_the_cookies_are_safe(tmp_path: Path) -> None:
    script = """
from django.conf import settings
from django.test import Client
import django; django.setup()
client = Client(headers={"host": "localhost"})
print(client.get("/api/docs").status_code, client.get("/health/live").status_code)
reply = client.get("/api/docs", headers={"x-forwarded-proto": "https"})
print(reply.status_code, reply["Strict-Transport-Security"])
cookie = client.get("/admin/login/", headers={"x-forwarded-proto": "https"}).cookies["rasm_csrf"]
print(bool(cookie["secure"]), settings.SESSION_COOKIE_SECURE)
"""
    variables = environment(RASM_HTTPS="on", LOG_LEVEL="ERROR")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["301 200", "200 max-age=31536000; includeSubDomains; preload", "True True"], done.stderr


def test_keys_in_the_admin(tmp_path: Path) -> None:
    """Made there, shown once, found by the API, revoked there; nobody gets in without an account."""
    script = """
import re, django
from django.test import Client
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test.utils import setup_test_environment
from backend.keys.models import ApiKey
call_command("migrate", verbosity=0)
setup_test_environment()
client = Client(headers={"host": "localhost"})
print(client.get("/admin/ocr/apikey/").status_code)
client.force_login(User.objects.create_superuser("admin", "", "password"))
page = client.post("/admin/ocr/apikey/add/", {"name": "reader"}, follow=True).content.decode()
[key] = re.findall(r"rasm_[\\w-]{30,}", page)
row = ApiKey.find(key)
print(row.name, key in client.get(f"/admin/ocr/apikey/{row.pk}/change/").content.decode())
client.post("/admin/ocr/apikey/", {"action": "revoke", "_selected_action": [row.pk]})
print(ApiKey.find(key), ApiKey.objects.count(), client.post(f"/admin/ocr/apikey/{row.pk}/delete/").status_code)
strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
print(strict.post("/admin/login/", {"username": "admin", "password": "password"}).status_code)
"""
    variables = environment(DATABASE_URL=f"sqlite:///{tmp_path / 'admin.sqlite3'}", LOG_LEVEL="ERROR")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["302", "reader False", "None 1 403", "403"], done.stderr


def test_passwords_cannot_be_tried_one_after_the_other() -> None:
    from django.test import Client

    client, login = Client(), {"username": "nobody", "password": "wrong"}
    with with_settings(rate_admin_logins="2/d"):
        tried = [client.post("/admin/login/", login, REMOTE_ADDR="192.0.2.7") for _ in range(3)]
    assert [reply.status_code for reply in tried] == [200, 200, 429]
    assert error(tried[-1]) == (429, "too_many_requests") and 80_000 < int(tried[-1]["Retry-After"]) <= 86_400
    assert client.get("/admin/login/", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert client.post("/admin/login/", login, REMOTE_ADDR="192.0.2.8").status_code == 200


def test_metrics_count_requests_errors_lines_and_batches() -> None:
    before = parsed_figures(get("/metrics").content.decode())
    post(("a.png", line_png()), ("b.png", line_png(64)), ("c.png", b"notes"))
    after = parsed_figures(get("/metrics").content.decode())

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown('rasm_requests_total{method="POST",route="api/v1/ocr",status="200"}') == 1
    assert grown('rasm_request_seconds_count{route="api/v1/ocr"}') == 1
    assert grown('rasm_errors_total{code="unsupported_format"}') == 1
    assert grown('rasm_lines_total{model="tiny"}') == grown("rasm_batch_lines_sum") == 2
    assert after["rasm_queue_lines"] == 0


def test_rates_that_are_none_are_told() -> None:
    done = manage("check", RASM_RATE_PER_KEY="often")
    assert done.returncode == 2 and "RASM_RATE_PER_KEY is 'often'" in done.stderr
