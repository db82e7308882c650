#!/usr/bin/env python3
"""Download a Spanish-English corpus of OPUS (Tiedemann 2012), in Moses format.

    python scripts/corpora/fetch_opus.py Books v1          # data/opus/Books-v1.zip
    python scripts/corpora/fetch_opus.py GlobalVoices      # its newest version

Names and versions: https://opus.nlpl.eu.  The archive goes into `s2s prepare` as it is, as data.train.
"""

import argparse
import json
import zipfile
from pathlib import Path
from urllib.parse import quote, urlencode

from fetching import FetchError, check_zip, fetch, fetch_text, write_about

FILES = "https://object.pouta.csc.fi/OPUS-"
CATALOGUE = "https://opus.nlpl.eu/opusapi/"


def main() -> None:
    """Parse the flags, download, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", help="a name, e.g. Books")
    parser.add_argument("version", nargs="?", help="e.g. v1; default: the newest")
    default = Path(__file__).parents[2] / "data" / "opus"
    parser.add_argument("--directory", type=Path, default=default)
    parser.add_argument("--files", default=FILES, help="what the addresses of the files begin with")
    parser.add_argument("--catalogue", default=CATALOGUE, help="address that tells the newest version")
    flags = parser.parse_args()
    version = flags.version or newest_version(flags.catalogue, flags.corpus)
    url = f"{flags.files}{quote(flags.corpus)}/{quote(version)}/moses/en-es.txt.zip"
    path = fetch(url, flags.directory / f"{flags.corpus}-{version}.zip")
    check_zip(path)
    write_about(path, url, licence(path))


def newest_version(catalogue: str, corpus: str) -> str:
    """The version of a corpus that the catalogue tells as the newest; FetchError where it knows none."""
    query = {"corpus": corpus, "source": "en", "target": "es", "preprocessing": "moses", "version": "latest"}
    url = f"{catalogue}?{urlencode(query)}"
    try:
        return str(json.loads(fetch_text(url))["corpora"][0]["version"])
    except (ValueError, LookupError, TypeError):
        raise FetchError(f"{url}: no corpus {corpus!r} with Spanish and English; see https://opus.nlpl.eu") from None


def licence(path: Path) -> str:
    """What the archive says of itself, and whom to cite."""
    texts = ["From OPUS, https://opus.nlpl.eu: cite Tiedemann, Parallel Data, Tools and Interfaces in OPUS, LREC 2012."]
    with zipfile.ZipFile(path) as archive:
        for name in ("LICENSE", "README"):
            if name in archive.namelist():
                texts.append(archive.read(name)[: 1 << 16].decode("utf-8", "replace"))
    return "\n\n".join(texts)


if __name__ == "__main__":
    main()
