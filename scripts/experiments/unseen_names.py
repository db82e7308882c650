"""Replace the numbers and names of sentence pairs by others that a run's training text does not have, on both sides.

python scripts/experiments/unseen_names.py RUN PAIRS > unseen.tsv
s2s evaluate RUN unseen.tsv

Only pairs that have a number or a name on both sides are written.  A number gets other digits.  A name gets one of the same
kind: of women after names of women, of men after those of men, of places after all others, with varied initials.
"""

import argparse
import re
from pathlib import Path
from random import Random

from s2s.data.corpus import Layout, read_pairs
from s2s.data.known_words import KnownWords, words
from s2s.data.slots import fixed_texts, has_text
from s2s.data_config import PairFile
from s2s.run import Run

WOMEN = [
    "Aitana",
    "Beatrix",
    "Chiyoko",
    "Dagmar",
    "Eulalia",
    "Freya",
    "Gwendolyn",
    "Hortensia",
    "Ingrid",
    "Jarmila",
    "Katarzyna",
    "Ludmila",
    "Maribel",
    "Nkechi",
    "Oksana",
    "Priyanka",
    "Quintina",
    "Ramona",
    "Saoirse",
    "Tatiana",
    "Ursula",
    "Vigdis",
    "Wilhelmina",
    "Ximena",
    "Yolanda",
    "Zenobia",
]
MEN = [
    "Ambrosio",
    "Bjorn",
    "Cuthbert",
    "Demetrio",
    "Evaristo",
    "Farouk",
    "Gaspar",
    "Hiroaki",
    "Ignatius",
    "Jorgen",
    "Kwame",
    "Leopold",
    "Mstislav",
    "Nikolai",
    "Octavio",
    "Prakash",
    "Quentin",
    "Radomir",
    "Sandor",
    "Thaddeus",
    "Ulises",
    "Vsevolod",
    "Wolfgang",
    "Xerxes",
    "Yusuf",
    "Zoltan",
]
PLACES = [
    "Adelboden",
    "Bucaramanga",
    "Chisinau",
    "Dushanbe",
    "Essaouira",
    "Fukuyama",
    "Groningen",
    "Hammerfest",
    "Iquitos",
    "Jablonec",
    "Kuopio",
    "Ljubljana",
    "Maputo",
    "Ndola",
    "Oaxtepec",
    "Plovdiv",
    "Quelimane",
    "Rzeszow",
    "Szeged",
    "Tombouctou",
    "Uppsala",
    "Vientiane",
    "Wroclaw",
    "Xalapa",
    "Yerevan",
    "Zakopane",
]
KNOWN_WOMEN = {
    "Alice",
    "Ann",
    "Anna",
    "Betty",
    "Emily",
    "Jane",
    "Kate",
    "Linda",
    "Lucy",
    "María",
    "Mary",
    "Nancy",
    "Susan",
    "Yoko",
}
KNOWN_MEN = {
    "Bill", "Bob", "Dan", "George", "Jack", "Jim", "Jimmy", "John", "Juan", "Ken", "Mike", "Nick", "Paul", "Peter", "Taro", "Ted", "Tom",
    "Tomás", "Tony",
}  # fmt: skip


def main() -> None:
    """Read the pairs and print them with other numbers and names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("pairs", help="Spanish and English in columns 1 and 2")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    known, random = Run(arguments.run).known_words(), Random(arguments.seed)
    pairs = list(read_pairs([PairFile(arguments.pairs)], Layout("tsv", (1, 2))))
    lower = {word.text for pair in pairs for word in words(pair.source) if word.text[0].islower()}
    for source, target, *_ in pairs:
        texts = [text for text in fixed_texts(source) if text[0].isdigit() and text in source]
        texts += [word.text for word in words(source) if word.text[0].isupper() and word.text.lower() not in lower]
        shared = [text for text in dict.fromkeys(texts) if has_text(text, target)]
        for text in shared:
            new = _new_number(text, known, random) if text[0].isdigit() else _new_name(text, known, random)
            pattern = rf"(?<!\w){re.escape(text)}(?!\w)"
            source, target = re.sub(pattern, new, source), re.sub(pattern, new, target)
        if shared:
            print(source, target, sep="\t")


def _new_number(text: str, known: KnownWords, random: Random) -> str:
    """The number with other digits; of one digit, with two more, as all single digits are known."""
    shape = text if len(text) > 1 else "999"
    while True:
        number = re.sub(r"\d+", lambda digits: _digits(len(digits[0]), random), shape)
        if number not in known.common or len(number) < 3:
            return number


def _digits(count: int, random: Random) -> str:
    return "".join([random.choice("123456789"), *(random.choice("0123456789") for _ in range(count - 1))])


def _new_name(text: str, known: KnownWords, random: Random) -> str:
    names = WOMEN if text in KNOWN_WOMEN else MEN if text in KNOWN_MEN else PLACES
    return random.choice([name for name in names if name.lower() not in known.names | known.common])


if __name__ == "__main__":
    main()
