"""``manage.py apikey create NAME | list | revoke NAME``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.keys.models import ApiKey


class Command(BaseCommand):
    help = "Make, list and revoke API keys. A key is shown once, when it is made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("create", help="make a key, and print it").add_argument("name", help="who or what will use it")
        actions.add_parser("list", help="all keys, without the keys themselves")
        actions.add_parser("revoke", help="refuse a key from now on").add_argument("name")

    def handle(self, *args: Any, action: str, name: str = "", **options: Any) -> None:
        match action:
            case "create":
                if not name.strip() or len(name) > 100:
                    raise CommandError("a name has 1 to 100 characters")
                if ApiKey.objects.filter(name=name).exists():
                    raise CommandError(f"there is a key named {name!r} already: choose another name")
                row = ApiKey(name=name)
                key = row.renew()
                row.save()
                self.stdout.write(key)
                self.stderr.write("This is the only time the key is shown. Send it as 'Authorization: Bearer KEY'.")
            case "list":
                self.stdout.write("name\tbegins with\tcreated\tlast used\trevoked")
                for row in ApiKey.objects.all():
                    times = (f"{time:%Y-%m-%d %H:%M}" if time else "-" for time in (row.created, row.last_used, row.revoked))
                    self.stdout.write("\t".join([row.name, row.start + "…", *times]))
            case "revoke":
                found = ApiKey.objects.filter(name=name).first()
                if found is None:
                    raise CommandError(f"there is no key named {name!r}; 'apikey list' shows all")
                found.revoke()
                self.stdout.write(f"revoked: {name}")
