"""The corpus fetchers against a local server that cuts connections, lies and refuses."""

import bz2
import gzip
import io
import os
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import ROOT, SAMPLE, run_script, s2s

sys.path.insert(0, str(ROOT / "scripts" / "corpora"))
import fetch_debian
import fetching

DATA = os.urandom(300_000)


class Handler(BaseHTTPRequestHandler):
    """Serves the server's `files`, in the manner of its `manner`."""

    def do_GET(self):
        server = self.server
        server.seen.append(self.headers["Range"])
        data, manner = server.files.get(self.path.partition("?")[0]), server.manner
        if manner == "busy" and len(server.seen) < 3:
            return self.send_error(503)
        if data is None:
            return self.send_error(404)
        start = int((self.headers["Range"] or "bytes=0-")[6:-1])
        if manner == "no ranges" or self.headers["If-Range"] not in (None, server.etag):
            start = 0
        if start >= len(data):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        claimed = len(data) + 5000 * (manner == "claims more")
        if start:
            first = start + 7 * (manner == "wrong place")
            self.send_header("Content-Range", f"bytes {first}-{claimed - 1}/{claimed}")
        if server.etag:
            self.send_header("ETag", server.etag)
        if manner != "no length":
            self.send_header("Content-Length", str(claimed - start))
        self.end_headers()
        if manner == "claims too much":
            return None
        body = data[start:]
        if manner in ("cuts", "wrong place", "no ranges") and len(server.seen) < 4:
            body = body[:100_000]
        if manner == "stops":
            body = body[: 100_000 * (len(server.seen) == 1)]
        self.wfile.write(body)
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(fetching, "WAIT", 0.01)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.manner, server.etag, server.seen = {"/a.bin": DATA}, "well", '"one"', []
    server.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("manner", "requests"), [("well", 1), ("cuts", 3), ("busy", 3), ("no length", 1), ("no ranges", 4)]
)
def test_a_file_comes_whole_however_the_server_is(server, tmp_path, manner, requests):
    server.manner = manner
    path = fetching.fetch(f"{server.url}a.bin", tmp_path / "a.bin")
    assert path.read_bytes() == DATA and len(server.seen) == requests
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]
    if manner == "cuts":
        assert server.seen == [None, "bytes=100000-", "bytes=200000-"]
    fetching.fetch(f"{server.url}a.bin", tmp_path / "a.bin")
    assert len(server.seen) == requests  # it is here already


@pytest.mark.parametrize(
    ("manner", "message"),
    [
        ("stops", "run the same command again"),
        ("claims more", "run the same command again"),
        ("wrong place", "at another place"),
    ],
)
def test_what_is_not_whole_never_gets_its_name(server, tmp_path, manner, message):
    server.manner = manner
    with pytest.raises(SystemExit, match=message):
        fetching.fetch(f"{server.url}a.bin", tmp_path / "a.bin")
    assert not (tmp_path / "a.bin").exists()
    server.manner = "well"
    assert fetching.fetch(f"{server.url}a.bin", tmp_path / "a.bin").read_bytes() == DATA


def test_another_file_under_the_same_address_is_not_mixed_with_the_first(server, tmp_path):
    server.manner = "stops"
    with pytest.raises(SystemExit):
        fetching.fetch(f"{server.url}a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin.part").stat().st_size == 100_000
    server.manner, server.etag, server.files["/a.bin"] = "well", '"two"', DATA[::-1]
    assert fetching.fetch(f"{server.url}a.bin", tmp_path / "a.bin").read_bytes() == DATA[::-1]


def test_refusals_wrong_checksums_and_sizes_are_told(server, tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="404 Not Found"):
        fetching.fetch(f"{server.url}none.bin", tmp_path / "none.bin")
    assert len(server.seen) == 1  # asking again would not help
    with pytest.raises(SystemExit, match="SHA-256"):
        fetching.fetch(f"{server.url}a.bin", tmp_path / "a.bin", expected="0" * 64)
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    with pytest.raises(SystemExit, match="300,000 bytes; more than 1,000 are not taken"):
        fetching.fetch(f"{server.url}a.bin", tmp_path / "a.bin")
    server.manner = "no length"
    with pytest.raises(SystemExit, match="sends more"):
        fetching.fetch(f"{server.url}a.bin", tmp_path / "b.bin")
    server.server_close()
    with pytest.raises(SystemExit, match="refused"):
        fetching.fetch(f"{server.url}a.bin", tmp_path / "c.bin")
    assert not {"a.bin", "b.bin", "c.bin", "none.bin"} & {file.name for file in tmp_path.iterdir()}


def fetch(script, *arguments, status=0):
    """What a script of scripts/corpora/ writes to stderr."""
    process = run_script(f"corpora/{script}", *arguments, check=status, timeout=120)
    assert b"Traceback" not in process.stderr
    return process.stderr.decode()


def archive(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name.replace("__", "-").replace("_", "."), text)
    return data.getvalue()


def sides(count):
    lines = (SAMPLE / "train.tsv").read_text(encoding="utf-8").splitlines()[:count]
    return list(zip(*(line.split("\t") for line in lines), strict=True))


@pytest.mark.slow
def test_tatoeba_as_made_for_anki_goes_from_the_web_into_prepare(server, tmp_path):
    es, en = sides(400)
    text = "".join(f"{two}\t{one}\tCC-BY 2.0\n" for one, two in zip(es, en, strict=True))
    server.files["/spa-eng.zip"], server.manner = archive(spa_txt=text), "cuts"
    assert "licence in" in fetch("fetch_tatoeba.py", tmp_path, "--mirror", server.url)
    assert "CC BY 2.0 FR" in (tmp_path / "spa-eng.zip.LICENCE.txt").read_text()
    splits = [gzip.decompress((tmp_path / f"{name}.tsv.gz").read_bytes()).decode() for name in ("train", "dev", "test")]
    pairs = [[line.split("\t") for line in split.splitlines()] for split in splits]
    assert sum(map(len, pairs)) == 400 and 30 < len(pairs[1]) <= 40 and 30 < len(pairs[2]) <= 40
    assert sorted(tuple(pair) for split in pairs for pair in split) == sorted(zip(es, en, strict=True))
    for side in (0, 1):
        train, dev, test = ({pair[side] for pair in split} for split in pairs)
        assert not train & dev and not train & test and not dev & test
    (tmp_path / "dev.tsv.gz").write_bytes(b"mine")
    assert "nothing was split anew" in fetch("fetch_tatoeba.py", tmp_path, "--mirror", server.url)
    assert (tmp_path / "dev.tsv.gz").read_bytes() == b"mine"
    config = tmp_path / "config.yaml"
    config.write_text(
        f"run: {tmp_path}/run\ndata: {{train: {tmp_path}/spa-eng.zip, prepared: {tmp_path}/prepared}}\ntokenizer: {{vocab_size: 300, type: unigram}}\naugmentation: {{copies: 0, clauses: 0}}\n"
    )
    assert b"400" in s2s("prepare", config, check=0).stdout
    (tmp_path / "spa-eng.zip").unlink()
    server.files["/spa-eng.zip"] = server.files["/spa-eng.zip"][:-100]
    assert "damaged archive" in fetch("fetch_tatoeba.py", tmp_path, "--mirror", server.url, status=1)
    assert not (tmp_path / "spa-eng.zip").exists()
    del server.files["/spa-eng.zip"]
    assert "404" in fetch("fetch_tatoeba.py", tmp_path, "--mirror", server.url, status=1)


def test_tatoebas_exports_are_joined_by_their_links(server, tmp_path):
    server.files |= {
        "/spa/spa_sentences.tsv.bz2": bz2.compress("1\tspa\tHola.\n2\tspa\tAdiós.\n3\tspa\tSolo.\n".encode()),
        "/eng/eng_sentences.tsv.bz2": bz2.compress(b"7\teng\tHi.\n8\teng\tBye.\n9\teng\tHello.\n"),
        "/spa/spa-eng_links.tsv.bz2": bz2.compress(b"1\t7\n1\t9\n2\t8\n3\t99\n"),
    }
    assert "tatoeba.tsv.gz: 3 pairs" in fetch("fetch_tatoeba.py", tmp_path, "--exports", "--mirror", server.url)
    text = gzip.decompress((tmp_path / "tatoeba.tsv.gz").read_bytes()).decode()
    assert text == "Hola.\tHi.\t1\t7\nHola.\tHello.\t1\t9\nAdiós.\tBye.\t2\t8\n"
    assert (tmp_path / "tatoeba.tsv.gz.LICENCE.txt").exists()


def test_a_corpus_of_opus_by_name_and_newest_version(server, tmp_path):
    es, en = sides(300)
    server.files["/OPUS-Books/v1/moses/en-es.txt.zip"] = archive(
        README="From books.", LICENSE="Public domain.", Books_en__es_es="\n".join(es), Books_en__es_en="\n".join(en)
    )
    server.files["/catalogue"] = b'{"corpora": [{"version": "v1"}]}'
    options = ("--files", f"{server.url}OPUS-", "--catalogue", f"{server.url}catalogue", "--directory", tmp_path)
    fetch("fetch_opus.py", "Books", *options)
    about = (tmp_path / "Books-v1.zip.LICENCE.txt").read_text()
    assert "Public domain." in about and "From books." in about and "Tiedemann" in about and "SHA-256" in about
    config = tmp_path / "config.yaml"
    config.write_text(
        f"run: {tmp_path}/run\ndata: {{train: {tmp_path}/Books-v1.zip, prepared: {tmp_path}/prepared}}\ntokenizer: {{vocab_size: 300, type: unigram}}\naugmentation: {{copies: 0, clauses: 0}}\n"
    )
    assert b"300" in s2s("prepare", config, check=0).stdout
    assert "404" in fetch("fetch_opus.py", "Books", "v9", *options, status=1)
    server.files["/catalogue"] = b'{"corpora": []}'
    assert "no corpus 'Nothing'" in fetch("fetch_opus.py", "Nothing", *options, status=1)


def catalogue(messages):
    """A .mo file, as msgfmt writes it."""
    texts = [[side.encode() for side in message] for message in sorted(messages)]
    start, tables, data = 28 + 16 * len(texts), [[], []], b""
    for side in (0, 1):
        for message in texts:
            tables[side] += [len(message[side]), start + len(data)]
            data += message[side] + b"\0"
    numbers = [0x950412DE, 0, len(texts), 28, 28 + 8 * len(texts), 0, 0, *tables[0], *tables[1]]
    return b"".join(number.to_bytes(4, "little") for number in numbers) + data


def test_debian_catalogues_are_read_with_contexts_and_plurals():
    made = catalogue(
        [
            ("menu\x04Save the file", "Guardar el archivo"),
            ("one <b>cat</b>\0%d cats", "un <b>gato</b>\0%d gatos"),
            ("unit^old man", "viejo"),
        ]
    )
    assert list(fetch_debian.messages(made)) == [
        ("Guardar el archivo", "Save the file"),
        ("un gato", "one cat"),
        ("%d gatos", "%d cats"),
        ("viejo", "old man"),
    ]


def test_debian_pages_are_paired_by_id_or_structure(tmp_path):
    def page(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    es = page(
        "es.html", '<html><body><h1 id="a">Título</h1><p id="b">El <b>gato</b>.</p><p id="d">Más.</p></body></html>'
    )
    en = page(
        "en.html", '<html><body><p id="b">The <b>cat</b>.</p><h1 id="a">Title</h1><p id="c">New.</p></body></html>'
    )
    assert list(fetch_debian.pairs_of_pages(es, en)) == [("Título", "Title"), ("El gato.", "The cat.")]
    mallard = '<page xmlns="http://projectmallard.org/1.0/"><info><desc>{}</desc></info><p>{}</p><p>{} <link xref="x"/></p></page>'
    es, en = (
        page("es.page", mallard.format("Uno.", "Dos.", "Vea")),
        page("en.page", mallard.format("One.", "Two.", "See")),
    )
    assert list(fetch_debian.pairs_of_pages(es, en)) == [("Uno.", "One."), ("Dos.", "Two."), ("", "")]


def test_debian_paragraphs_are_cut_where_both_sides_have_as_many_sentences():
    two = ("El gato duerme aquí. ¿Dónde está el perro?", "The cat sleeps here. Where is the dog?")
    uneven = ("El gato duerme. Y el perro no.", "The cat sleeps and the dog does not.")
    labels = [("Archivo nuevo", "New file"), ("Hay $n gatos aquí", "There are $n cats"), ("a b c", "a b c"), ("", "")]
    assert list(fetch_debian.written([two, uneven, *labels])) == [
        ("El gato duerme aquí.", "The cat sleeps here."),
        ("¿Dónde está el perro?", "Where is the dog?"),
        uneven,
    ]
