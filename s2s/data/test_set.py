"""A test set: Spanish sentences with their English references."""

from typing import NamedTuple

from s2s.data.corpus import Layout, read_pairs
from s2s.data_config import Format, PairFile
from s2s.errors import InputError


class EvaluationSet(NamedTuple):
    """The sentences of a test file."""

    references: dict[str, list[str]]
    """The different Spanish sentences, in the file's order, each with its references."""
    sources: list[str]
    """The Spanish sentence of each line."""


def files_of_test(
    paths: list[str], file_format: Format, source_column: str | None, target_column: str | None
) -> list[PairFile]:
    """The files that `read_test_set` reads, from the arguments of `s2s evaluate`; raises InputError where they contradict.

    Args:
        paths: a pair file, or aligned files: one of Spanish sentences, others of English references.
        file_format: of a pair file.
        source_column: column of the Spanish sentence, a number from 1 or a name; None = detected.
        target_column: column of the English sentence, or columns of several references with commas between them.
    """
    if paths[1:]:
        return [PairFile(paths[0], path, None if file_format == "auto" else file_format) for path in paths[1:]]
    source = _column(source_column)
    targets = [_column(name.strip()) for name in target_column.split(",")] if target_column else [None]
    for target in targets:
        if 0 in (source, target) or type(source) is not type(target) or (source and source == target):
            raise InputError("--source-column, --target-column: give both, as numbers from 1 or as names")
    return [
        PairFile(paths[0], None, None if file_format == "auto" else file_format, source, column) for column in targets
    ]


def _column(text: str | None) -> int | str | None:
    return int(text) if text and text.isdecimal() else text


def read_test_set(files: list[PairFile], layout: Layout) -> EvaluationSet:
    """Read a test set: a sentence on several lines has several references, and so has one of several files.

    Raises InputError as `read_pairs` does, and for a pair of the first file with an empty side.

    Args:
        files: the same Spanish sentences, each time with other references; of all but the first, some may be empty.
        layout: of files that do not have their own.
    """
    references: dict[str, list[str]] = {}
    sources: list[str] = []
    for number, file in enumerate(files):
        for pair in read_pairs([file], layout):
            if number == 0:
                if not pair.source or not pair.target:
                    raise InputError(f"{pair.place}: an empty side; a test pair needs both sentences")
                sources.append(pair.source)
            if pair.target and (number == 0 or pair.source in references):
                references.setdefault(pair.source, []).append(pair.target)
    if not references:
        raise InputError(f"{files[0].path}: no sentence pair in the file")
    return EvaluationSet(references, sources)
