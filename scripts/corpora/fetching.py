"""Downloads with resumption, checksums and licence files, for the fetch_*.py scripts."""

import http.client
import json
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from s2s.files import fsync, sha256

TRIES = 5
"""Consecutive attempts without new bytes after which a download fails."""

WAIT = 1.0
"""Seconds before the second attempt; every further attempt waits twice as long."""

TIMEOUT = 60
"""Seconds without an answer from the server after which an attempt fails."""

MOST_BYTES = 1 << 36
"""Size limit of a download in bytes: 64 GiB."""


class FetchError(SystemExit):
    """A failed download; uncaught, it prints its message to stderr and exits with status 1."""

    def __init__(self, message: str):
        super().__init__(f"error: {message}")


def fetch(url: str, path: Path, expected: str | None = None) -> Path:
    """Download a file, unless `path` exists; a partial download is resumed.

    The download goes to `path`.part and is renamed when it is complete.  Raises FetchError if the server refuses, or if
    TRIES consecutive attempts bring no new bytes.

    Args:
        url: address of the file.
        path: where to write the file.
        expected: SHA-256 of the file in hexadecimal; None = not checked.

    Returns:
        `path`.
    """
    if path.exists():
        print(f"{path}: exists, not downloaded again", file=sys.stderr)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    largest, fruitless = _size_of(part), 0
    while True:
        try:
            if _resume(url, part):
                break
            reason = "the connection was cut"
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            if isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500 and error.code != 429:
                raise FetchError(f"{url}: the server answers {error.code} {error.reason}") from None
            reason = str(getattr(error, "reason", error))
        # A server that always sends from the first byte brings no new bytes, unless it sends more than ever before.
        fruitless = 0 if _size_of(part) > largest else fruitless + 1
        largest = max(largest, _size_of(part))
        if fruitless == TRIES:
            raise FetchError(f"{url}: {reason}; the partial download is kept: run the same command again to resume")
        time.sleep(WAIT * 2 ** max(fruitless - 1, 0))
    actual = sha256(part)
    if expected and actual != expected:
        part.unlink()
        raise FetchError(f"{url}: has SHA-256 {actual}, not {expected}; the download was deleted")
    fsync(part)
    part.rename(path)
    _validator_path(part).unlink(missing_ok=True)
    return path


def fetch_text(url: str) -> str:
    """Download a text of at most 1 MiB; raises FetchError if that fails."""
    try:
        with urllib.request.urlopen(_request(url), timeout=TIMEOUT) as answer:
            return str(answer.read(1 << 20).decode("utf-8"))
    except (urllib.error.URLError, http.client.HTTPException, OSError, UnicodeDecodeError) as error:
        raise FetchError(f"{url}: {error}") from None


def check_zip(path: Path) -> None:
    """Verify the checksum of every member of an archive; deletes a damaged archive and raises FetchError."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, OSError) as error:
        broken = str(error)
    if broken:
        path.unlink()
        raise FetchError(f"{path}: damaged archive ({broken}); the archive was deleted: run the same command again")


def write_about(path: Path, url: str, licence: str) -> None:
    """Write `path`.LICENCE.txt: source, date, size, checksum and licence of a downloaded file.

    Args:
        path: the downloaded file.
        url: its source.
        licence: text of the licence.
    """
    about = path.with_name(path.name + ".LICENCE.txt")
    date = time.strftime("%Y-%m-%d")
    about.write_text(
        f"{path.name}\nfrom {url}\non {date}, {path.stat().st_size:,} bytes, SHA-256 {sha256(path)}\n\n{licence}\n",
        encoding="utf-8",
    )
    print(f"{path}: {path.stat().st_size:,} bytes; licence in {about}", file=sys.stderr)


def _size_of(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _resume(url: str, part: Path) -> bool:
    """Append the missing bytes to a partial download; returns whether the file is complete."""
    start, validator = _resume_point(part)
    request = _request(url)
    if start:
        # If the file on the server has changed, If-Range makes the server send all of it.
        request.add_header("Range", f"bytes={start}-")
        request.add_header("If-Range", validator)
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and start:  # the file on the server is not longer than the partial download
            part.unlink()
            return False
        raise
    with answer:
        size, start = _sizes(answer, url, start)
        _validator_path(part).write_text(json.dumps(answer.headers["ETag"] or answer.headers["Last-Modified"]))
        with (
            open(part, "ab" if start else "wb") as file,
            tqdm(desc=part.stem, total=size, initial=start, unit="B", unit_scale=True, disable=None) as bar,
        ):
            while block := answer.read(1 << 16):
                bar.update(file.write(block))
                if file.tell() > (MOST_BYTES if size is None else size):
                    raise FetchError(f"{url}: the server sends more than it announced; delete {part}")
            return size is None or file.tell() == size


def _sizes(answer: Any, url: str, start: int) -> tuple[int | None, int]:
    """Size of the whole file, and offset of the first byte that the server sends.

    Args:
        answer: the server's answer.
        url: address of the file.
        start: the offset that was requested.

    Returns:
        Both in bytes; the size is None if the server does not announce it.
    """
    length = answer.headers["Content-Length"]
    if answer.status != 206:
        start, size = 0, None if length is None else int(length)
    else:
        unit, _, total = (answer.headers["Content-Range"] or "").partition("/")
        if unit.split("-")[0] != f"bytes {start}" or not total.isdecimal():
            raise FetchError(f"{url}: the server resumes at another place than requested")
        size = int(total)
    if size is not None and size > MOST_BYTES:
        raise FetchError(f"{url}: the server announces {size:,} bytes; more than {MOST_BYTES:,} are not taken")
    return size, start


def _resume_point(part: Path) -> tuple[int, str]:
    """Size of a partial download in bytes, and the validator (ETag or date) of its file; (0, "") without a validator."""
    try:
        validator = json.loads(_validator_path(part).read_text())
        return (part.stat().st_size, validator) if validator else (0, "")
    except (OSError, ValueError):
        return 0, ""


def _validator_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _request(url: str) -> urllib.request.Request:
    # Some servers refuse the default user agent of urllib.
    return urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (compatible; s2s)"})
