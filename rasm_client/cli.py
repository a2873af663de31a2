"""The command line: files to a service, results to the terminal or into files."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import io
import os
import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial

import httpx

from rasm_client.aio import AsyncRasmClient
from rasm_client.arguments import chosen, parsed
from rasm_client.inputs import aimed, take_up, tasks_of
from rasm_client.output import destination, give_out, tell, tell_errors
from rasm_client.progress import Progress
from rasm_client.tasks import Outcome, Task, UsageError, counted, outcome_of
from rasm_client.types import FileError, FileRefused, Options, OutputOptions, ReadingOptions, Result, ServiceError


def main(arguments: Sequence[str] | None = None, *, transport: httpx.AsyncBaseTransport | None = None) -> int:
    """The command line; returns the exit code."""
    given = parsed(arguments)
    left: list[str] = []  # the jobs at the service that have not been fetched
    try:
        return asyncio.run(_read_all(given, transport, left))
    except (ServiceError, UsageError) as e:
        asks_for_key = isinstance(e, ServiceError) and e.status == 401
        tell(f"{e}{' - set RASM_API_KEY to it, or use --api-key' if asks_for_key else ''}")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        if left:
            goes_on = "a job goes on" if len(left) == 1 else f"{len(left)} jobs go on"
            again = " ".join(f"--resume {job_id}" for job_id in left)
            tell(f"{goes_on} at the service; to fetch it, use the same command again with {again}")


async def _read_all(given: argparse.Namespace, transport: httpx.AsyncBaseTransport | None, left: list[str]) -> int:
    settings = {"timeout_s": given.timeout, "wait_s": given.wait, "retries": given.retries, "concurrency": given.concurrency}
    api_key = given.api_key or os.environ.get("RASM_API_KEY")
    async with AsyncRasmClient(given.url, api_key=api_key, transport=transport, **settings) as client:
        tasks = list(tasks_of(given))
        if given.resume:
            await take_up(tasks, client, given.resume)
        tasks = list(aimed(tasks, given))
        if given.to_stdout and len(tasks) != 1:
            raise UsageError(f"{len(tasks)} files: --out - is for one; say with --out DIR where the results go")
        failed = False
        with Progress(len(tasks), given) as bar:
            at = iter(tasks)
            async for outcome in _outcomes(tasks, client, given, bar, left):
                task = next(at)
                bar.clear()
                failed |= bool(outcome.errors)
                tell_errors(task, outcome, given)
                for warning in [] if given.quiet else outcome.warnings:
                    tell(f"{task.name}: {warning}")
                give_out(task, outcome, given, named=len(tasks) > 1)
                if outcome.job_id:
                    await client.delete(outcome.job_id)
                    left.remove(outcome.job_id)
                else:
                    bar.move(1)
    return 1 if failed else 0


async def _outcomes(
    tasks: Sequence[Task], client: AsyncRasmClient, given: argparse.Namespace, bar: Progress, left: list[str]
) -> AsyncIterator[Outcome]:
    """Of each task, in order, in one of three ways: by jobs, by requests for several files at a time, or by requests for one document."""
    entries, options = [task.entry for task in tasks], chosen(given, Options)
    if given.job:
        async for outcome in client.map(partial(_by_job, client=client, given=given, bar=bar, left=left), tasks):
            yield outcome
    elif given.format in ("text", "json"):
        async for results in client.read_files(entries, **options):
            yield outcome_of(results)
    else:
        async for made in client.convert(entries, given.format, **options):
            yield Outcome(data=made.data, errors=[made.error] if made.error else [], warnings=counted(made.warning_counts))


async def _by_job(task: Task, client: AsyncRasmClient, given: argparse.Namespace, bar: Progress, left: list[str]) -> Outcome:
    """Post it, follow it, fetch it; whoever has given it out deletes it."""
    if isinstance(task.entry, Result):
        return outcome_of([task.entry])
    if task.job_id is None:
        try:
            job = await client.submit([task.entry], **chosen(given, ReadingOptions))
        except FileRefused as e:
            return outcome_of([Result.failed(task.name, e.error.code, e.error.message)])
        except (OSError, ValueError) as e:
            return outcome_of([Result.unopened(task.name, e)])
        task.job_id = job.id
    left.append(task.job_id)
    done, total = 0, 1
    async for job in client.follow(task.job_id):
        bar.move(job.pages_done - done, job.pages - total)
        done, total = job.pages_done, job.pages
    if job.state != "done":
        error = job.error or FileError(f"job_{job.state}", f"the job was {job.state}")
        return outcome_of([Result.failed(task.name, error.code, error.message)], job.id)
    output = chosen(given, OutputOptions)
    if given.format in ("text", "json"):
        results = await client.results(job.id, **output)
        return outcome_of([dataclasses.replace(r, name=task.name, json={**r.json, "name": task.name}) for r in results], job.id)
    with destination(task, given.format) as file:
        await client.download(job.id, file, given.format, **output)
    errors = list(job.errors)
    if more := job.error_count - len(errors):
        errors.append(FileError("page_failed", f"{more} more pages could not be read"))
    return Outcome(errors=errors, warnings=counted(job.warning_counts), job_id=job.id)


def run() -> int:
    """The command line of this process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Arabic, and names that are not UTF-8, whatever the locale
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    return main()
