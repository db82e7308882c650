"""Opening text files as people have them: plain, .gz, .bz2, .xz, .zst, or inside a .zip; told by their first bytes."""

import bz2
import gzip
import io
import lzma
import os
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

from backports import zstd

from s2s.errors import InputError

_OPENERS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": zstd.open,
}
"""How the formats' files begin, and what reads them."""

_ZIP = b"PK\x03\x04"

MOST_TIMES, ALWAYS_ALLOWED = 100, 1 << 28
"""A file may unpack to so many times its size, or to so many bytes: text packs to a third or a tenth, bombs to less."""

_SIDES = (".es", ".en")
"""How the two files of an aligned corpus end."""


class Opened(NamedTuple):
    """An open text and what messages call it."""

    name: str
    stream: BinaryIO


def open_packed(path: Path) -> Opened:
    """Open a file that is one text, to read its bytes unpacked.

    Raises InputError for a file that cannot be opened, and for an archive of several texts; reading raises it for a
    damaged file and for one that unpacks to suspiciously much.
    """
    texts = open_texts(path)
    if len(texts) > 1:
        raise InputError(f"{path}: holds two texts, {texts[0].name} and {texts[1].name}; unpack it and name one")
    return texts[0]


def open_texts(path: Path) -> list[Opened]:
    """The text in a file; of a .zip that holds an aligned corpus the two, Spanish and English.  Errors as `open_packed`."""
    try:
        file = open(path, "rb")  # noqa: SIM115 - it is what we return
        start = file.peek(6)
        about = os.fstat(file.fileno())
    except OSError as error:
        raise InputError(f"{path}: cannot read: {error.strerror}") from None
    if start.startswith(_ZIP):
        return _open_zip(path, file)
    for magic, opener in _OPENERS.items():
        if start.startswith(magic):
            # Of a pipe nobody knows the size.
            size = about.st_size if stat.S_ISREG(about.st_mode) else sys.maxsize
            return [Opened(str(path), _bounded(opener(file), file, str(path), size))]
    return [Opened(str(path), file)]


def position(stream: BinaryIO) -> int:
    """How far a stream that this module opened has been read, in bytes of the file on the disk."""
    raw = getattr(stream, "raw", None)
    return (raw.packed if isinstance(raw, _Unpacked) else stream).tell()


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what goes wrong while the block reads the file `name` into an InputError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstd.ZstdError, zipfile.BadZipFile) as error:
        raise InputError(f"{name}: damaged compressed file: {error}") from None
    except OSError as error:
        if error.errno is None:  # the decompressors' own
            raise InputError(f"{name}: damaged compressed file: {error}") from None
        raise InputError(f"{name}: cannot read: {error.strerror}") from None
    except (RuntimeError, NotImplementedError) as error:
        raise InputError(f"{name}: cannot unpack: {error}") from None


class _Unpacked(io.RawIOBase):
    """What a decompressor gives, until it is too much."""

    def __init__(self, stream: Any, packed: BinaryIO, name: str, limit: int):
        self._stream, self.packed, self._name, self._left = stream, packed, name, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with reading(self._name):
            data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise InputError(
                f"{self._name}: unpacks to over {MOST_TIMES} times its size, as no text does; "
                "if it is one all the same, unpack it yourself"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        super().close()
        self._stream.close()
        self.packed.close()


def _bounded(stream: Any, packed: BinaryIO, name: str, size: int) -> BinaryIO:
    limit = max(MOST_TIMES * size, ALWAYS_ALLOWED)
    return io.BufferedReader(_Unpacked(stream, packed, name, limit), 1 << 17)


def _open_zip(path: Path, file: BinaryIO) -> list[Opened]:
    with reading(str(path)):
        archive = zipfile.ZipFile(file)
        members = [info for info in archive.infolist() if not info.is_dir()]
    for info in members:
        parts = PurePosixPath(info.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise InputError(f"{path}: holds a file named {info.filename!r}, outside of the archive; do not trust it")
    texts = [info for info in members if not _is_about(PurePosixPath(info.filename))]
    sides = [[info for info in texts if info.filename.lower().endswith(side)] for side in _SIDES]
    chosen = [side[0] for side in sides] if all(len(side) == 1 for side in sides) else texts
    if len(chosen) not in (1, 2) or (len(chosen) == 2 and chosen is texts):
        names = ", ".join(info.filename for info in texts[:5]) or "nothing else"
        raise InputError(f"{path}: one text, or one .es and one .en, is expected in it; found {names}; unpack it")
    opened = []
    for info in chosen:
        with reading(str(path)):
            stream = archive.open(info)
        name = f"{path}:{info.filename}"
        opened.append(Opened(name, _bounded(stream, file, name, info.compress_size)))
    return opened


def _is_about(name: PurePosixPath) -> bool:
    """Whether a member is about the corpus rather than of it."""
    stem = name.name.lower()
    return stem.startswith(("_", ".", "readme", "license", "licence")) or "__MACOSX" in name.parts
