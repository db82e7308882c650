"""The script that puts unseen numbers and names into pairs, on both sides."""

from tests.conftest import run_script


def test_numbers_and_names_are_replaced_on_both_sides(untrained, tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text(
        "Ana vive en Madrid desde 1987.\tAna has lived in Madrid since 1987.\nEs alto.\tHe is tall.\nSon las 7.\tIt is seven.\n"
    )
    first, again = (run_script("experiments/unseen_names.py", untrained / "run", pairs, check=0).stdout for _ in "ab")
    assert first == again
    ((source, target),) = (line.split("\t") for line in first.decode().splitlines())
    words = source.removesuffix(".").split()
    assert words[1:3] == ["vive", "en"] and not {"Ana", "Madrid", "1987"} & set(words)
    assert target == f"{words[0]} has lived in {words[3]} since {words[5]}."
