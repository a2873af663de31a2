"""``manage.py jobs work | list | expire | delete ID``."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from backend.jobs import store
from backend.jobs.models import Job


class Command(BaseCommand):
    help = "Work on the jobs that were sent to /api/v1/jobs, list them, and take them away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        work = actions.add_parser("work", help="be a worker, until SIGTERM or Ctrl-C; start as many as there are cores for it")
        work.add_argument("--interval", type=float, default=1.0, metavar="S", help="look for work every S seconds (default: 1)")
        work.add_argument("--until-empty", action="store_true", help="end when nothing is waiting")
        actions.add_parser("list", help="all jobs, without what was read")
        actions.add_parser("expire", help="take away the jobs whose time is over; workers do so every minute")
        actions.add_parser("delete", help="cancel a job, or take away a finished one").add_argument("id")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        match action:
            case "work":
                from backend.jobs import worker  # it opens what reads

                if options["interval"] <= 0:
                    raise CommandError("--interval is a number of seconds above 0")
                worker.run(interval_s=options["interval"], until_empty=options["until_empty"])
            case "list":
                self.stdout.write("id\tstate\tpages\tkey\tcreated\texpires\tbytes")
                for job in Job.objects.select_related("key").annotate(read=Count("jobpage")):
                    times = (f"{time:%Y-%m-%d %H:%M}" for time in (job.created, job.expires))
                    key = job.key.name if job.key else "-"
                    self.stdout.write("\t".join([str(job.pk), job.state, f"{job.read}/{job.pages}", key, *times, str(job.bytes)]))
            case "expire":
                self.stdout.write(f"expired: {store.expire()}")
            case "delete":
                store.delete(self._job(options["id"]))
                self.stdout.write(f"deleted: {options['id']}")

    def _job(self, pk: str) -> Job:
        try:
            return Job.objects.get(pk=UUID(pk))
        except (ValueError, Job.DoesNotExist):
            raise CommandError(f"there is no job {pk!r}; 'jobs list' shows all") from None
