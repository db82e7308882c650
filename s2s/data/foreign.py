"""Files that are not text, or not text to translate line by line: recognized by their first bytes, with advice."""

import re

_BEGINNINGS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), advice)
    for pattern, advice in (
        (rb"%PDF", "a PDF; save its text as a plain text file"),
        (rb"\xd0\xcf\x11\xe0", "an old Word or Excel file; save it as plain text or as CSV"),
        (rb"\{\\rtf", "formatted text (RTF); save it as plain text"),
        (rb"PAR1", "a Parquet table; save it as JSON lines or as CSV"),
        (rb"7z\xbc\xaf|Rar!", "an archive that s2s cannot read (7z, RAR); unpack it and name the files in it"),
        (rb".{257}ustar", "a tar archive; unpack it and name the files in it"),
        (
            rb"\s*(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)?<(!doctype html|html)",
            "a web page (HTML); save its text as a plain text file",
        ),
        (rb"WEBVTT", "subtitles (WebVTT); keep the lines of text only, without times"),
        (
            rb"\s*\d+\s*\n\d+:\d\d:\d\d[,.]\d+\s*-->",
            "subtitles (SRT); keep the lines of text only, without numbers and times",
        ),
    )
)

_OFFICE = {
    "xl/workbook.xml": "an Excel workbook; save it as CSV (UTF-8)",
    "word/document.xml": "a Word document; save it as plain text",
    "ppt/presentation.xml": "a PowerPoint presentation; save it as plain text",
    "META-INF/container.xml": "an e-book (EPUB); save it as plain text",
    "collection.anki2": "an Anki deck; export its notes from Anki as plain text",
    "collection.anki21b": "an Anki deck; export its notes from Anki as plain text",
    "content.xml": "an OpenDocument file; save it as plain text or as CSV",
}
"""Members of zip archives that are no archives of texts."""


def advice_for(start: bytes) -> str | None:
    """What a file is and what to do, if its first bytes (some 300 of them) show that it is not plain text."""
    start = start.removeprefix(b"\xef\xbb\xbf")
    return next((advice for pattern, advice in _BEGINNINGS if pattern.match(start)), None)


def advice_for_members(names: list[str]) -> str | None:
    """The same for a zip archive, by the names of its members."""
    return next((advice for member, advice in _OFFICE.items() if member in names), None)
