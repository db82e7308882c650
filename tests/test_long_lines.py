"""Lines longer than the training sentences are split at sentence ends, then at clauses, then at spaces."""

from hypothesis import given
from hypothesis import strategies as st

from s2s.translation.long_lines import split_line


@given(st.text(alphabet="ab ,.;¿", max_size=60), st.integers(1, 12))
def test_parts_fit_and_lose_nothing(text, longest):
    parts = split_line(text, lambda part: len(part) <= longest)
    assert all(len(part) <= longest for part in parts) or parts == [text]
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_parts_are_sentences_then_clauses_then_words():
    def parts(text, longest):
        return split_line(text, lambda part: len(part.split()) <= longest)

    text = "Vino Ana, que es alta, y se fue. ¿Quién? «Nadie.» Y así, sin más, acabó todo."
    assert parts(text, 99) == [text]
    assert parts(text, 7) == [
        "Vino Ana, que es alta,",
        "y se fue.",
        "¿Quién?",
        "«Nadie.»",
        "Y así, sin más, acabó todo.",
    ]
    assert parts("uno dos tres cuatro cinco", 2) == ["uno dos", "tres cuatro", "cinco"]
    assert split_line("abcdefg", lambda part: len(part) <= 2) == ["a", "bc", "de", "fg"]
