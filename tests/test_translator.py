"""Text to states to text: a sentence's result depends on that sentence alone."""

import numpy as np
import pytest

from s2s.translation.long_lines import Part
from s2s.translation.requests import Slots
from s2s.translation.search import SearchOptions
from s2s.translation.translator import Translation, _join
from tests.rounding import assert_same_numbers


def assert_same_translations(translations, expected):
    assert [[t.text for t in some] for some in translations] == [[t.text for t in some] for some in expected]
    for some, same in zip(translations, expected, strict=True):
        assert_same_numbers([t.score for t in some], [t.score for t in same])


def without_slots(monkeypatch):
    """Decode states without slots, as of sentences that have none, which a state does not say."""
    monkeypatch.setattr(Slots, "any_of", lambda states, slots: Slots.each_of([0] * states, slots))


def check_independence(translator, sentences, monkeypatch):
    lines = [*sentences[:150], "", *sentences[:40]]
    together = {beam: translator.translate(lines, SearchOptions(beam)) for beam in (1, 4)}
    assert len({best[0].text for best in together[1]}) > 100
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    for beam, expected in together.items():
        options = SearchOptions(beam)
        assert_same_translations(translator.translate(lines[::-1], options)[::-1], expected)
        for row in (0, 7, 150):
            assert_same_translations(translator.translate([lines[row]], options), [expected[row]])
    assert_same_translations(together[1][:40], together[1][151:])


def test_translations_do_not_depend_on_threads_or_other_lines(untrained_translator, sentences, monkeypatch):
    check_independence(untrained_translator, sentences, monkeypatch)


def test_nor_do_those_of_a_trained_run(translator, sentences, monkeypatch):
    check_independence(translator, sentences, monkeypatch)


def test_states_do_not_depend_on_the_other_lines(untrained_translator, sentences):
    together = untrained_translator.encode(sentences)
    assert len(np.unique(together.round(3), axis=0)) == len(set(sentences)) == 300
    alone = np.concatenate([untrained_translator.encode([sentence]) for sentence in sentences[:10]])
    assert_same_numbers(together[:10], alone)
    assert_same_numbers(together, untrained_translator.encode(sentences[::-1])[::-1])


@pytest.mark.parametrize("beam", [1, 3])
def test_translating_is_encoding_then_decoding(untrained_translator, sentences, beam, monkeypatch):
    translator, options = untrained_translator, SearchOptions(beam)
    without_slots(monkeypatch)
    for sentence in sentences[:20]:
        # The limit of a translation follows from the sentence's length; that of a decoded state from the longest one's.
        monkeypatch.setattr(translator, "max_length", translator.source_lengths([sentence])[0])
        decoded = translator.decode(translator.encode([sentence]), options)
        assert_same_translations(decoded, translator.translate([sentence], options))
        assert len(decoded[0]) == beam
        assert [t.score for t in decoded[0]] == sorted((t.score for t in decoded[0]), reverse=True)


def test_each_sentence_of_a_line_is_translated_by_itself(untrained_translator):
    sentences = ["¿Dónde vive Tom?", "Tom vive aquí...", "Ana no."]
    alone = [best[0] for best in untrained_translator.translate(sentences)]
    ((together,),) = untrained_translator.translate([" ".join(sentences)])
    assert together.text == " ".join(best.text for best in alone if best.text)
    assert together.subwords == sum(best.subwords for best in alone)


def test_translations_follow_from_the_states(untrained_translator, sentences):
    states = untrained_translator.encode(sentences[:50])
    decoded = untrained_translator.decode(states)
    assert len({best[0].text for best in decoded}) > 30
    assert_same_translations(untrained_translator.decode(states[::-1])[::-1], decoded)


def test_translating_is_encoding_then_decoding_in_a_trained_run(translator, sentences, monkeypatch):
    without_slots(monkeypatch)
    plain = [sentence for sentence in sentences if not translator.reader.source(sentence).fillers][:50]
    decoded = translator.decode(translator.encode(plain), SearchOptions(3))
    for some, same in zip(decoded, translator.translate(plain, SearchOptions(3)), strict=True):
        assert [t.text for t in some] == [t.text for t in same]
        assert [t.log_prob for t in some] == pytest.approx([t.log_prob for t in same], abs=1e-4)


def test_a_trace_ends_in_the_state_and_names_the_subwords(untrained_translator, sentences):
    lines = [*sentences[:6], ""]
    states = untrained_translator.encode(lines)
    for line, (trace, subwords), state in zip(lines, untrained_translator.trace(lines), states, strict=True):
        assert trace.shape == (len(subwords), 48)
        assert_same_numbers(trace[-1], state[-1, 0])
        # Read from its end: EOS comes first.
        assert subwords[0] == "</s>"
        assert "".join(subwords[:0:-1]).replace("▁", " ").strip() == line.lower().replace("¿", "").replace("¡", "")


def test_parts_of_a_line_are_joined_rank_by_rank():
    def join(*translations):
        parts = [Part("x.", True)] * len(translations)
        return _join(parts, [*translations], SearchOptions(), lambda word: False)

    first = [Translation("a", -1.0, 2, -0.5), Translation("b", -3.0, 3, -1.0)]
    second = [Translation("", -4.0, 1, -4.0)]
    third = [Translation("c", -0.5, 4, -0.125), Translation("d", -3.0, 4, -0.75)]
    assert join(first, second, third) == [Translation("a c", -5.5, 7, -5.5 / 7)]
    assert join(first, third) == [Translation("a c", -1.5, 6, -0.25), Translation("b d", -6.0, 7, -6.0 / 7)]
    assert join(first) == first
