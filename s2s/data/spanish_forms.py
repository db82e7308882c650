"""Forms of known words: verbs, plurals, adverbs, genders, diminutives."""

from collections.abc import Iterator, Set

_INFINITIVES = ("ar", "er", "ir", "ado", "ido", "ando", "iendo", "arse", "erse", "irse")
_CLITICS = ("", "me", "te", "se", "lo", "la", "los", "las", "le", "les", "nos", "os")
# Endings of Spanish verbs; the future is an infinitive with an ending.
_PRESENT = "o a e i as es an en amos emos imos ais eis is"
_PAST = "aba abas abamos abais aban ia ias iamos iais ian aste asteis aron iste io isteis ieron eron"
_SUBJUNCTIVE = (
    "are ares aremos areis aren iere ieres ieremos ara aras aramos arais aran iera ieras ieramos ierais ieran "
    "ase ases asemos asen iese ieses iesemos iesen"
)
_OTHERS = "ad ed id d ando iendo yendo ado ada ados adas ido ida idos idas ar er ir"
_FUTURE = ("e", "as", "a", "emos", "eis", "an", "ia", "ias", "iamos", "iais", "ian")
_ENDINGS = {"", *f"{_PRESENT} {_PAST} {_SUBJUNCTIVE} {_OTHERS}".split()} | {
    f"{infinitive}{ending}" for infinitive in ("ar", "er", "ir") for ending in _FUTURE
}
_DERIVING = ("it", "cit", "ecit", "isim")
"""Before the last vowel of diminutives and superlatives."""

_SUFFIXES = frozenset(first + second for first in _CLITICS for second in _CLITICS)
_LONGEST_SUFFIX, _LONGEST_ENDING = (max(map(len, texts)) for texts in (_SUFFIXES, _ENDINGS))


class Forms:
    """Forms of common words."""

    def __init__(self, common: Set[str]):
        """common: the words, in lower case, without accents."""
        self._common = common
        self._stems = {word[: -len(end)] for word in common for end in _INFINITIVES if word.endswith(end)}

    def __contains__(self, word: str) -> bool:
        """Whether a word, written as the common ones, may be a form of one."""
        if word.endswith("mente") or any(singular in self._common for singular in _singulars(word)):
            return True
        for stop in range(len(word), max(1, len(word) - _LONGEST_SUFFIX - 1), -1):
            if word[stop:] in _SUFFIXES:
                for size in range(max(2, stop - _LONGEST_ENDING), stop + 1):
                    if word[size:stop] in _ENDINGS and word[:size] in self._stems:
                        return True
        return False

    def has_derived(self, word: str) -> bool:
        """Whether a word, written as the common ones, may be one in the other gender, a diminutive or a superlative of one."""
        base = word.removesuffix("s")
        stem = base[:-1]
        if len(stem) < 3 or base[-1] not in "oa":
            return False
        roots = [stem, *(stem.removesuffix(suffix) for suffix in _DERIVING if stem.endswith(suffix))]
        roots += [
            root[:-2] + plain
            for root in roots
            for written, plain in (("gu", "g"), ("qu", "c"))
            if root.endswith(written)
        ]
        return any(root + ending in self._common for root in roots for ending in ("o", "a", "e", ""))


def _singulars(word: str) -> Iterator[str]:
    """What a word is the plural of, if it is a plural."""
    for plural, singular in (("s", ""), ("es", ""), ("ces", "z")):
        if word.endswith(plural):
            yield word.removesuffix(plural) + singular
