"""AsyncRasmClient: a connection to a service.

Where it stands: above ``exchange.py`` and ``replies.py``; ``blocking.py`` has the same without asyncio.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar, Unpack, get_args, get_type_hints

import httpx

from rasm_client.exchange import MOST_DOCUMENT_BYTES, MOST_DOWNLOAD_BYTES, MOST_REPLY_BYTES, Arriving, Patience, exchange, sent_bytes
from rasm_client.replies import NOT_RASMS, Reply, content_of, is_job_id, job_of, refusal_of, results_of, retry_after_s, warning_counts_of
from rasm_client.types import (
    Document,
    FileRefused,
    Format,
    Image,
    Job,
    Options,
    OutputOptions,
    ReadingOptions,
    Result,
    SentFile,
    ServiceError,
)

A = TypeVar("A")
T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT_S = 60.0
DEFAULT_WAIT_S = 7 * 86_400.0  # by then a service throws away what it has not finished, as RASM_JOB_KEEP_S is set unless told
DEFAULT_CONCURRENCY = 4
DEFAULT_RETRIES = 5
OCR, JOBS = "api/v1/ocr", "api/v1/jobs"
FILES_PER_REQUEST = 16
BYTES_PER_REQUEST = 16 * 2**20
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0  # of the back-off, which doubles
LONGEST_RETRY_AFTER_S = 300.0  # a service that asks for more is given up
ASK_AGAIN_S = 2.0  # how a job stands, where the service does not say when
RETRIED_STATUSES = (429, 502, 503)  # 502 is a proxy's, while the service behind it starts anew
_LANGUAGES = get_args(get_type_hints(OutputOptions)["language"])
_ASKED = {"Accept": "application/json", "Accept-Encoding": "identity"}


class AsyncRasmClient:
    """A connection to a Rasm service, for asyncio. ``transport`` is httpx's: a test passes its own."""

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        wait_s: float = DEFAULT_WAIT_S,
        retries: int = DEFAULT_RETRIES,
        concurrency: int = DEFAULT_CONCURRENCY,
        transport: Any = None,
    ) -> None:
        """See Settings. ``url`` and ``api_key`` are those of RASM_URL and RASM_API_KEY where they are left out; an empty key is none.
        Raises ServiceError if ``url`` is no address."""
        url = url or os.environ.get("RASM_URL") or DEFAULT_URL
        api_key = os.environ.get("RASM_API_KEY") if api_key is None else api_key
        if concurrency < 1 or retries < 0:
            raise ValueError("concurrency is 1 or more, retries 0 or more")
        self._url, self._timeout_s, self._wait_s, self._retries, self._concurrency = url, timeout_s, wait_s, retries, concurrency
        try:
            address = httpx.URL(url)
            if address.scheme not in ("http", "https") or (address.port or 0) > 65535:
                raise ValueError("it begins with http:// or https://, and its port is at most 65535")
        except (httpx.InvalidURL, ValueError) as e:
            raise ServiceError(f"{url} is not a URL: {e}") from e
        try:
            headers = httpx.Headers(_ASKED | ({"Authorization": f"Bearer {api_key}"} if api_key else {}))
        except UnicodeEncodeError as e:
            raise ServiceError("the API key has characters that no key has") from e
        # the environment's proxy cannot reach this machine's loopback address
        trust_env = address.host not in ("127.0.0.1", "localhost", "::1")
        self._open(base_url=address, timeout=timeout_s, headers=headers, trust_env=trust_env, transport=transport)

    def _open(self, **settings: Any) -> None:
        self._http = httpx.AsyncClient(**settings)

    async def __aenter__(self) -> AsyncRasmClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # reading while you wait

    async def read(self, images: Iterable[Image | Result], **options: Unpack[Options]) -> AsyncIterator[Result]:
        """A result for each page, in order, as the replies come in.

        What cannot be opened here has an error in its result, like what the service cannot read; a Result among the images is
        handed through. Raises ServiceError, and TypeError of an unknown option.
        """
        async for pages in self.read_files(images, **options):
            for result in pages:
                yield result

    async def read_files(self, images: Iterable[Image | Result], **options: Unpack[Options]) -> AsyncIterator[list[Result]]:
        """As ``read``, but a list for each file, of the results of its pages."""
        async for files in self.map(partial(self._read, fields=form_fields(options)), batches(images)):
            for pages in files:
                yield pages

    async def convert(self, images: Iterable[Image | Result], format: Format, **options: Unpack[Options]) -> AsyncIterator[Document]:
        """Each file in one of the service's formats, in order; PAGE XML of several pages is a ZIP archive. Raises as ``read`` does."""
        async for document in self.map(partial(self._convert, fields=form_fields(options) | {"format": format}), images):
            yield document

    async def map(self, function: Callable[[A], Awaitable[T]], items: Iterable[A]) -> AsyncIterator[T]:
        """``function`` of each item, in order, as many at a time as ``concurrency`` says: to follow several jobs at once, for example.

        Items are taken as they are needed. What ``function`` raises ends it, and what is under way then is cancelled.
        """
        pending: deque[asyncio.Task[T]] = deque()
        free = asyncio.Semaphore(self._concurrency)

        async def turn(item: A) -> T:
            async with free:
                return await function(item)

        try:
            for item in items:
                pending.append(asyncio.create_task(turn(item)))
                await asyncio.sleep(0)  # images are opened without waiting: let what came meanwhile be taken in
                while pending and (len(pending) > self._concurrency or pending[0].done()):
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _read(self, batch: Sequence[SentFile | Result], fields: Mapping[str, str]) -> list[list[Result]]:
        """For each of the batch, in order, the results of its pages."""
        files = [entry for entry in batch if isinstance(entry, SentFile)]
        read = iter(await self._read_files(files, fields) if files else [])
        return [[entry] if isinstance(entry, Result) else next(read) for entry in batch]

    async def _read_files(self, files: Sequence[SentFile], fields: Mapping[str, str]) -> list[list[Result]]:
        """The results of each file. Where they are too much for one request, of each half; of one that has too many pages left, alone."""
        reply = await self._exchange("POST", OCR, data=fields, files=[file.field for file in files])
        content = content_of(reply)
        if not reply.is_success and not (isinstance(content, dict) and "results" in content):
            if reply.status != 413:
                raise self._refusal(reply)
            if len(files) == 1:
                return [[Result.failed(files[0].name, "file_too_large", str(self._refusal(reply)))]]
            middle = len(files) // 2
            return [*await self._read_files(files[:middle], fields), *await self._read_files(files[middle:], fields)]
        by_file: list[list[Result]] = [[] for _ in files]
        for number, result in self._results(content, [file.name for file in files]):
            by_file[number].append(result)
        if not all(by_file):
            raise ServiceError(f"{self._url} answered for {sum(map(bool, by_file))} files of {len(files)}")
        for i, pages in enumerate(by_file):
            if len(files) > 1 and any(page.error and page.error.code == "too_many_pages" for page in pages):
                by_file[i] = (await self._read_files([files[i]], fields))[0]
        return by_file

    def _results(self, content: Any, names: list[str] | None = None) -> list[tuple[int, Result]]:
        """A reply's results, each with the number of its file; named as in ``names``, or as the service names them.

        Raises ServiceError if it is no reply of Rasm's.
        """
        try:
            return results_of(content, names)
        except NOT_RASMS as e:
            raise self._foreign() from e

    async def _convert(self, image: Image | Result, fields: Mapping[str, str]) -> Document:
        entry = opened(image)
        if isinstance(entry, Result):
            return Document(entry.name, None, entry.error)
        reply = await self._exchange("POST", OCR, most_bytes=MOST_DOCUMENT_BYTES, data=fields, files=[entry.field])
        if reply.is_success:
            return Document(entry.name, reply.content, warning_counts=warning_counts_of(reply))
        refusal = self._refusal(reply)
        if isinstance(refusal, FileRefused):
            return Document(entry.name, None, refusal.error)
        raise refusal

    # jobs: long documents

    async def submit(self, images: Iterable[Image], **options: Unpack[ReadingOptions]) -> Job:
        """Have files read while nobody waits, as one job. Raises FileRefused if none of them can be read, ServiceError and OSError."""
        fields = form_fields(options, ReadingOptions)
        files = [SentFile(*image) if isinstance(image, tuple) else SentFile(os.fspath(image), Path(image).read_bytes()) for image in images]
        return self._job(await self._accepted("POST", JOBS, data=fields, files=[file.field for file in files]))

    async def jobs(self) -> list[Job]:
        """Your own, newest first."""
        said = content_of(await self._accepted("GET", JOBS))
        try:
            return [job_of(job) for job in said["jobs"]]
        except NOT_RASMS as e:
            raise self._foreign() from e

    async def job(self, job_id: str) -> Job:
        """As it stands now; also how to take up again one that was submitted before."""
        return self._job(await self._accepted("GET", _address(job_id)))

    async def follow(self, job_id: str) -> AsyncIterator[Job]:
        """The job as it stands, whenever the service says to ask again, until it is finished.

        Raises ServiceError when ``wait_s`` are over: the job stays at the service.
        """
        patience = Patience(self._url, job_id, self._wait_s)
        while True:
            reply = await self._accepted("GET", _address(job_id))
            job = self._job(reply)
            yield job
            if job.is_finished:
                return
            await self._sleep(min(_pause_s(reply), patience.left_s()))

    async def wait(self, job_id: str) -> Job:
        """The job once it is finished."""
        return [job async for job in self.follow(job_id)][-1]

    async def follow_pages(self, job_id: str, *, file: int = 0, **options: Unpack[OutputOptions]) -> AsyncIterator[Result]:
        """The pages of one of its files, in order, as they are read; of a job that was cancelled no more come."""
        params = form_fields(options, OutputOptions)
        params.pop("tables", None)  # of Markdown, which pages are not
        params.pop("pdf_layer", None)
        last = seen = 0
        async for job in self.follow(job_id):
            async for page in self._pages_of(job_id, file, params, job.pages - seen, after=last):
                yield page
                last, seen = page.page or last + 1, seen + 1

    async def _pages_of(
        self, job_id: str, file: int, params: Mapping[str, str], most: int, *, after: int = 0, is_whole: bool = False
    ) -> AsyncIterator[Result]:
        """Those of a file that are read, a few in each reply: all at once could be more than there is memory for.

        ``most``: how many there may be; where some pages of a file were chosen, their numbers are larger.
        ``is_whole``: all are read, so that what the first reply says of the language holds for the others.
        """
        while pages := await self._pages(job_id, {**params, "file": str(file), "after": str(after)}):
            for page in pages:
                number = after + 1 if page.page is None else page.page
                if number <= after or not most:  # or it would never end
                    raise self._foreign()
                yield page
                after, most = number, most - 1
            told = pages[-1].language
            if is_whole and told is not None and told in _LANGUAGES and params.get("language", "auto") == "auto":
                params = {**params, "language": told}  # or the service would look through all pages for it each time

    async def _pages(self, job_id: str, params: Mapping[str, str]) -> list[Result]:
        reply = await self._accepted("GET", f"{_address(job_id)}/pages", params=params)
        return [result for _, result in self._results(content_of(reply))]

    async def results(self, job_id: str, **options: Unpack[OutputOptions]) -> list[Result]:
        """What was read of a job that is done, page by page, under the names that the service keeps."""
        params = form_fields(options, OutputOptions)
        params.pop("tables", None)  # of Markdown, which pages are not
        params.pop("pdf_layer", None)
        job = await self.job(job_id)
        if job.state != "done":
            await self._accepted("GET", f"{_address(job_id)}/result")  # which says why there is none
            raise self._foreign()
        patience = Patience(self._url, job_id, self._wait_s)  # of a service that says there are more and more pages, too
        refused = {error.file: error for error in job.errors if error.page is None}
        results: list[Result] = []
        for number, name in enumerate(job.files):
            if number in refused:
                results.append(Result.failed(name, refused[number].code, refused[number].message))
                continue
            async for page in self._pages_of(job_id, number, params, job.pages, is_whole=True):
                results.append(page)
                patience.left_s()
        return results

    async def download(
        self, job_id: str, into: IO[bytes], format: Format, *, file: int | None = None, **options: Unpack[OutputOptions]
    ) -> None:
        """Write a job that is done, or one ``file`` of it, into a file open for writing. Of several files it is a ZIP archive."""
        wanted = {"format": format, **({} if file is None else {"file": str(file)})}
        params = form_fields(options, OutputOptions) | wanted
        patience = Patience(self._url, job_id, self._wait_s)
        while (reply := await self._accepted("GET", f"{_address(job_id)}/result", params=params, into=into)).status == 202:
            await self._sleep(min(_pause_s(reply), patience.left_s()))  # a searchable PDF is written when it is first asked for

    async def delete(self, job_id: str) -> None:
        """Cancel a job, or take away one that is finished; none is there afterwards, nor need be before."""
        reply = await self._exchange("DELETE", _address(job_id))
        if not reply.is_success and reply.status != 404:
            raise self._refusal(reply)

    def _job(self, reply: Reply) -> Job:
        try:
            return job_of(content_of(reply))
        except NOT_RASMS as e:
            raise self._foreign() from e

    # one request and its reply

    async def _send(self, arriving: Arriving, method: str, path: str, **content: Any) -> Reply:
        return await exchange(self._http, arriving, method, path, **content)

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _accepted(self, method: str, path: str, **content: Any) -> Reply:
        reply = await self._exchange(method, path, **content)
        if not reply.is_success:
            raise self._refusal(reply)
        return reply

    async def _exchange(
        self, method: str, path: str, *, into: IO[bytes] | None = None, most_bytes: int | None = None, **content: Any
    ) -> Reply:
        """One request, again while the service is busy or the connection breaks: reading twice does no harm, but a job is posted once."""
        most_bytes = MOST_DOWNLOAD_BYTES if into is not None else most_bytes or MOST_REPLY_BYTES
        is_post, once = method == "POST", (method, path) == ("POST", JOBS)
        retry = 0
        while True:
            asked_s = 0.0
            if into is not None:
                into.seek(0)
                into.truncate()
            try:
                arriving = Arriving(self._url, self._timeout_s, sent_bytes(content.get("files", ())), most_bytes, into)
                reply = await self._send(arriving, method, path, **content)
            except httpx.HTTPError as e:
                problem = self._unanswered(e)
                if once or (is_post and isinstance(e, httpx.TimeoutException | httpx.ConnectError)):
                    raise problem from e
            else:
                if reply.status not in RETRIED_STATUSES or (once and reply.status == 502):
                    return reply
                problem, asked_s = self._refusal(reply), retry_after_s(reply)
            if retry == self._retries or asked_s > LONGEST_RETRY_AFTER_S:
                raise problem
            # spread out, or all who were sent away together would come back together
            await self._sleep(asked_s + random.uniform(0.5, 1) * min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**retry))
            retry += 1

    def _unanswered(self, e: httpx.HTTPError) -> ServiceError:
        if isinstance(e, httpx.TimeoutException):
            return ServiceError(f"{self._url} has not answered within {self._timeout_s:g} seconds (--timeout)")
        if isinstance(e, httpx.ConnectError):
            return ServiceError(f"{self._url} cannot be reached: is the service running? ({e})")
        return ServiceError(f"{self._url} broke the connection off ({str(e) or type(e).__name__})")

    def _foreign(self) -> ServiceError:
        return ServiceError(f"{self._url} does not answer as Rasm does: is it another service?")

    def _refusal(self, reply: Reply) -> ServiceError:
        return refusal_of(reply, self._url)


def _address(job_id: str) -> str:
    """Raises ServiceError of what is no job's id: it would be another address."""
    if not is_job_id(job_id):
        raise ServiceError(f"{job_id[:80]} is no job's id")
    return f"{JOBS}/{job_id}"


def _pause_s(reply: Reply) -> float:
    """Until a job is asked for again: as the service says, within reason."""
    return min(retry_after_s(reply) or ASK_AGAIN_S, LONGEST_DELAY_S)


def form_fields(options: Mapping[str, Any], kind: Any = Options) -> dict[str, str]:
    """The form fields that ask for ``options``."""
    known = sorted(kind.__optional_keys__)
    if unknown := sorted(options.keys() - set(known)):
        raise TypeError(f"no option is named {', '.join(unknown)}; there are: {', '.join(known)}")
    return {name: str(value) for name, value in options.items() if value is not None}


def opened(image: Image | Result) -> SentFile | Result:
    """The file's bytes, or the result that says why there are none."""
    if isinstance(image, Result):
        return image
    if isinstance(image, tuple):
        return SentFile(*image)
    name = os.fspath(image)
    try:
        return SentFile(name, Path(name).read_bytes())
    except (OSError, ValueError) as e:
        return Result.unopened(name, e)


def batches(images: Iterable[Image | Result]) -> Iterator[list[SentFile | Result]]:
    """What goes into one request, with the results of those that cannot be opened in their places."""
    batch: list[SentFile | Result] = []
    size = 0
    for image in images:
        entry = opened(image)
        length = len(entry.data) if isinstance(entry, SentFile) else 0
        if batch and (len(batch) == FILES_PER_REQUEST or size + length > BYTES_PER_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch
