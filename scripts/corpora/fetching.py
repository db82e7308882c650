"""Downloading a file whole: resumed where it was cut, checked, beside its licence.  For the fetch_*.py scripts."""

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
"""Attempts in a row that bring nothing new before a download is given up."""

WAIT = 1.0
"""Seconds before the second of them; twice as many before each that follows."""

TIMEOUT = 60
"""Seconds that a server may be silent."""

MOST_BYTES = 1 << 36
"""Larger files are not taken: 64 GB."""


class FetchError(SystemExit):
    """A download that failed: the message goes to stderr, the exit status is 1."""

    def __init__(self, message: str):
        super().__init__(f"error: {message}")


def fetch(url: str, path: Path, expected: str | None = None) -> Path:
    """Download a URL to `path`, unless it is there; what an earlier attempt brought is gone on from.

    expected: the SHA-256 that the file must have.  A file that is cut or longer than announced never gets its name.  Raises
    FetchError when the server refuses, or stops sending TRIES times in a row.
    """
    if path.exists():
        print(f"{path}: is here already", file=sys.stderr)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    most, fruitless = _size_of(part), 0
    while True:
        try:
            if _go_on(url, part):
                break
            reason = "the connection was cut"
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            if isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500 and error.code != 429:
                raise FetchError(f"{url}: the server says {error.code} {error.reason}") from None
            reason = str(getattr(error, "reason", error))
        # More than there ever was: a server that has us begin again and again gets us no further.
        fruitless = 0 if _size_of(part) > most else fruitless + 1
        most = max(most, _size_of(part))
        if fruitless == TRIES:
            raise FetchError(f"{url}: {reason}; what has come is kept: run the same command again to go on")
        time.sleep(WAIT * 2 ** max(fruitless - 1, 0))
    found = sha256(part)
    if expected and found != expected:
        part.unlink()
        raise FetchError(f"{url}: has SHA-256 {found}, not {expected}; it was not kept")
    fsync(part)
    part.rename(path)
    _about(part).unlink(missing_ok=True)
    return path


def fetch_text(url: str) -> str:
    """A short text from the web; FetchError where there is none."""
    try:
        with urllib.request.urlopen(_request(url), timeout=TIMEOUT) as answer:
            return str(answer.read(1 << 20).decode("utf-8"))
    except (urllib.error.URLError, http.client.HTTPException, OSError, UnicodeDecodeError) as error:
        raise FetchError(f"{url}: {error}") from None


def check_zip(path: Path) -> None:
    """FetchError unless every member of an archive has its checksum; the file is then deleted, to be fetched again."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, OSError) as error:
        broken = str(error)
    if broken:
        path.unlink()
        raise FetchError(f"{path}: damaged archive ({broken}); it was deleted: run the same command again")


def write_about(path: Path, url: str, licence: str) -> None:
    """Write, beside a downloaded file, where it is from and under which licence, with its size and checksum."""
    about = path.with_name(path.name + ".LICENCE.txt")
    day = time.strftime("%Y-%m-%d")
    about.write_text(
        f"{path.name}\nfrom {url}\non {day}, {path.stat().st_size:,} bytes, SHA-256 {sha256(path)}\n\n{licence}\n",
        encoding="utf-8",
    )
    print(f"{path}: {path.stat().st_size:,} bytes; licence in {about}", file=sys.stderr)


def _size_of(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _go_on(url: str, part: Path) -> bool:
    """Append what is still missing of a file; False when the server stopped before its end."""
    begun, validator = _begun(part)
    request = _request(url)
    if begun:
        # Only what is still the same file is gone on with; of another one the server sends all.
        request.add_header("Range", f"bytes={begun}-")
        request.add_header("If-Range", validator)
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and begun:  # there is nothing behind what we have, or the file is another one
            part.unlink()
            return False
        raise
    with answer:
        size, begun = _size(answer, url, begun)
        _about(part).write_text(json.dumps(answer.headers["ETag"] or answer.headers["Last-Modified"]))
        with (
            open(part, "ab" if begun else "wb") as file,
            tqdm(desc=part.stem, total=size, initial=begun, unit="B", unit_scale=True, disable=None) as bar,
        ):
            while block := answer.read(1 << 16):
                bar.update(file.write(block))
                if file.tell() > (MOST_BYTES if size is None else size):
                    raise FetchError(f"{url}: sends more than it announced; {part} is not to be trusted")
            return size is None or file.tell() == size


def _size(answer: Any, url: str, begun: int) -> tuple[int | None, int]:
    """Bytes that the whole file has, if the server tells, and how many of them come before what it sends."""
    length = answer.headers["Content-Length"]
    if answer.status != 206:
        begun, size = 0, None if length is None else int(length)
    else:
        unit, _, total = (answer.headers["Content-Range"] or "").partition("/")
        if unit.split("-")[0] != f"bytes {begun}" or not total.isdecimal():
            raise FetchError(f"{url}: the server goes on at another place than was asked for")
        size = int(total)
    if size is not None and size > MOST_BYTES:
        raise FetchError(f"{url}: is said to have {size:,} bytes; more than {MOST_BYTES:,} are not taken")
    return size, begun


def _begun(part: Path) -> tuple[int, str]:
    """Bytes of an earlier attempt, and what tells that the file is still the same; 0 where nothing can tell."""
    try:
        validator = json.loads(_about(part).read_text())
        return (part.stat().st_size, validator) if validator else (0, "")
    except (OSError, ValueError):
        return 0, ""


def _about(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _request(url: str) -> urllib.request.Request:
    # Some servers refuse Python's own name.
    return urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (compatible; s2s)"})
