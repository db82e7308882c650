#!/usr/bin/env python3
"""Download a Spanish-English corpus of OPUS (Tiedemann 2012) in Moses format.

    python scripts/corpora/fetch_opus.py Books v1          # writes data/opus/Books-v1.zip
    python scripts/corpora/fetch_opus.py GlobalVoices      # the newest version

https://opus.nlpl.eu lists the names and versions.  `s2s prepare` reads the archive as it is: set data.train to its path.
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
    """Parse the arguments, download the archive, write its licence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="name of the corpus, e.g. Books")
    parser.add_argument("version", nargs="?", help="version of the corpus, e.g. v1 (default: the newest)")
    default = Path(__file__).parents[2] / "data" / "opus"
    parser.add_argument("--directory", type=Path, default=default, help="directory to write to (default: data/opus)")
    parser.add_argument("--files", default=FILES, help="start of the archives' URLs (default: %(default)s)")
    parser.add_argument("--catalogue", default=CATALOGUE, help="URL of the catalogue (default: %(default)s)")
    flags = parser.parse_args()
    version = flags.version or newest_version(flags.catalogue, flags.corpus)
    url = f"{flags.files}{quote(flags.corpus)}/{quote(version)}/moses/en-es.txt.zip"
    path = fetch(url, flags.directory / f"{flags.corpus}-{version}.zip")
    check_zip(path)
    write_about(path, url, licence(path))


def newest_version(catalogue: str, corpus: str) -> str:
    """The newest version of a corpus; raises FetchError if the catalogue lists none.

    Args:
        catalogue: URL of the catalogue.
        corpus: name of the corpus.
    """
    query = {"corpus": corpus, "source": "en", "target": "es", "preprocessing": "moses", "version": "latest"}
    url = f"{catalogue}?{urlencode(query)}"
    try:
        return str(json.loads(fetch_text(url))["corpora"][0]["version"])
    except (ValueError, LookupError, TypeError):
        raise FetchError(f"{url}: no corpus {corpus!r} with Spanish and English; see https://opus.nlpl.eu") from None


def licence(path: Path) -> str:
    """The citation of OPUS, and the texts of LICENSE and README in an archive."""
    texts = ["From OPUS, https://opus.nlpl.eu: cite Tiedemann, Parallel Data, Tools and Interfaces in OPUS, LREC 2012."]
    with zipfile.ZipFile(path) as archive:
        for name in ("LICENSE", "README"):
            if name in archive.namelist():
                texts.append(archive.read(name)[: 1 << 16].decode("utf-8", "replace"))
    return "\n\n".join(texts)


if __name__ == "__main__":
    main()
