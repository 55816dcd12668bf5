"""The README's pictures show what the program prints."""

from pathlib import Path

from tests import pictures

ROOT = Path(__file__).parent.parent


def test_the_pictures_are_what_is_printed_today() -> None:
    """`python -m tests.pictures` draws them anew."""
    drawn = pictures.drawn()
    kept = {path.stem: path.read_text(encoding="utf-8") for path in pictures.HERE.glob("*.svg")}
    assert {name: pictures.words(svg) for name, svg in kept.items()} == {
        name: pictures.words(svg) for name, svg in drawn.items()
    }
    assert all(len(pictures.words(svg)) > 5 for svg in kept.values())


def test_the_readme_shows_small_pictures_that_ask_nobody_for_anything() -> None:
    """Each is in it, under 60 kB, without a font or an image from elsewhere."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in pictures.HERE.glob("*.svg"):
        assert f"(tests/pictures/{path.name})" in readme
        text = path.read_text(encoding="utf-8")
        assert len(text) < 60_000
        assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
