"""Opening text files: plain, .gz, .bz2, .xz, .zst, or inside a .zip; recognized by their first bytes."""

import bz2
import gzip
import io
import lzma
import os
import select
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

from backports import zstd

from s2s.data.foreign import advice_for, advice_for_members
from s2s.errors import InputError

_OPENERS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": zstd.open,
}
"""For each compression, the first bytes of its files and the function that opens them."""

_WRITERS: dict[str, Callable[[Any, Any], Any]] = {
    ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zst": zstd.open,
}  # fmt: skip

STANDARD = Path("-")
"""Standard input or output, as a path on the command line."""

_ZIP = b"PK\x03\x04"

MAX_RATIO, ALWAYS_ALLOWED_BYTES = 100, 1 << 28
"""A file may decompress to this many times its size, or to this many bytes, whichever is more.

Text shrinks to a third or a tenth; a decompression bomb shrinks to far less."""

_SIDES = (".es", ".en")
"""Endings of the two files of an aligned corpus."""


class OpenText(NamedTuple):
    """An open text and its name for messages."""

    name: str
    stream: BinaryIO


def open_text(path: Path) -> OpenText:
    """Open a file that holds one text; reading gives its bytes, decompressed.

    Raises InputError for a file that cannot be opened, and for an archive of several texts.  Reading raises it for a
    damaged file and for a decompression bomb.
    """
    texts = open_texts(path)
    if len(texts) > 1:
        raise InputError(f"{path}: holds two texts, {texts[0].name} and {texts[1].name}; unpack it and name one")
    return texts[0]


def open_texts(path: Path) -> list[OpenText]:
    """Open the text in a file; the two texts, Spanish and English, of a .zip with an aligned corpus.  Errors as `open_text`."""
    if path == STANDARD:
        return [OpenText("stdin", open_stdin())]
    try:
        file = open(path, "rb")  # noqa: SIM115 - it is returned
        start = file.peek(6)
        about = os.fstat(file.fileno())
    except OSError as error:
        raise InputError(f"{path}: cannot read: {error.strerror}") from None
    if start.startswith(_ZIP):
        return _open_zip(path, file)
    stream: BinaryIO = file
    for magic, opener in _OPENERS.items():
        if start.startswith(magic):
            # The size of a pipe is unknown.
            size = about.st_size if stat.S_ISREG(about.st_mode) else sys.maxsize
            stream = _limited(opener(file), file, str(path), size)
    with explain_read_errors(str(path)):
        advice = advice_for(stream.peek(1 << 9))  # type: ignore[attr-defined]
    if advice:
        raise InputError(f"{path}: {advice}")
    return [OpenText(str(path), stream)]


def open_stdin() -> BinaryIO:
    """Standard input; another process may have made it non-blocking."""
    return io.BufferedReader(_Stdin(), 1 << 17)


@contextmanager
def compressed(output: Any, name: str) -> Iterator[Any]:
    """What writes into `output`, which is open to write: compressed if `name` ends in .gz, .bz2, .xz or .zst, in any case."""
    opener = _WRITERS.get(PurePosixPath(name).suffix.lower())
    if opener is None:
        yield output
    else:
        with opener(output, "wb") as stream:
            yield stream


def position(stream: BinaryIO) -> int:
    """How far a stream of this module has been read, in bytes of the file on the disk."""
    raw = getattr(stream, "raw", None)
    return (raw.compressed if isinstance(raw, _Decompressed) else stream).tell()


def require_regular(path: Path) -> None:
    """Raise InputError for a directory, a pipe or a device, which cannot be read twice."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise InputError(f"{path}: cannot read: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"
        raise InputError(f"{path}: {kind}; a corpus must be a file, since it is read more than once")


@contextmanager
def explain_read_errors(name: str) -> Iterator[None]:
    """Turn an error of the block, which reads the file `name`, into an InputError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstd.ZstdError, zipfile.BadZipFile) as error:
        if isinstance(error, zstd.ZstdError) and "Frame requires too much memory" in str(error):
            raise InputError(
                f"{name}: compressed with a window of more than 128 MB; compress it again without --long, or pipe it through "
                "its own program"
            ) from None
        raise InputError(f"{name}: damaged compressed file: {error}") from None
    except OSError as error:
        if error.errno is None:  # the decompressors' own
            raise InputError(f"{name}: damaged compressed file: {error}") from None
        raise InputError(f"{name}: cannot read: {error.strerror}") from None
    except RuntimeError as error:  # zipfile's, of an encrypted member and of an unknown compression
        raise InputError(f"{name}: cannot unpack: {error}") from None


class _Stdin(io.RawIOBase):
    """Standard input, read when there is something to read: an empty read is its end."""

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 0

    def readinto(self, buffer: Any) -> int:
        while True:
            try:
                return os.readv(0, [buffer])
            except BlockingIOError:
                select.select([0], [], [])


class _Decompressed(io.RawIOBase):
    """The output of a decompressor, up to a limit."""

    def __init__(self, stream: Any, compressed: BinaryIO, name: str, limit: int):
        self._stream, self.compressed, self._name, self._left = stream, compressed, name, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with explain_read_errors(self._name):
            data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise InputError(
                f"{self._name}: decompresses to over {MAX_RATIO} times its size, as no text does; "
                "if it is a text, decompress it yourself"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        super().close()
        self._stream.close()
        self.compressed.close()


def _limited(stream: Any, compressed: BinaryIO, name: str, size: int) -> BinaryIO:
    limit = max(MAX_RATIO * size, ALWAYS_ALLOWED_BYTES)
    return io.BufferedReader(_Decompressed(stream, compressed, name, limit), 1 << 17)


def _open_zip(path: Path, file: BinaryIO) -> list[OpenText]:
    with explain_read_errors(str(path)):
        archive = zipfile.ZipFile(file)
        members = [info for info in archive.infolist() if not info.is_dir()]
    if advice := advice_for_members([info.filename for info in members]):
        raise InputError(f"{path}: {advice}")
    for info in members:
        parts = PurePosixPath(info.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise InputError(
                f"{path}: holds a file named {info.filename!r}, which is outside of the archive; do not trust it"
            )
    texts = [info for info in members if not _is_about(PurePosixPath(info.filename))]
    sides = [[info for info in texts if info.filename.lower().endswith(side)] for side in _SIDES]
    chosen = [side[0] for side in sides] if all(len(side) == 1 for side in sides) else texts
    if len(chosen) not in (1, 2) or (len(chosen) == 2 and chosen is texts):
        names = ", ".join(info.filename for info in texts[:5]) or "nothing else"
        raise InputError(f"{path}: one text, or one .es and one .en, is expected in it, not {names}; unpack it")
    opened = []
    for info in chosen:
        with explain_read_errors(str(path)):
            stream = archive.open(info)
        name = f"{path}:{info.filename}"
        opened.append(OpenText(name, _limited(stream, file, name, os.fstat(file.fileno()).st_size)))
    return opened


def _is_about(name: PurePosixPath) -> bool:
    """Whether a member describes the corpus and is no part of it."""
    lower = name.name.lower()
    return lower.startswith(("_", ".", "readme", "license", "licence")) or "__MACOSX" in name.parts
