"""How old one has to be to read a text: the Flesch-Kincaid grade, as an age, of a page's own sentences."""

import re
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = re.compile("p|li|h[1-4]|label|legend|summary|d[dt]|t[dh]|caption|div|fieldset|form|table|[ou]l|section")
_SKIPPED: Final = re.compile("script|style|svg|option|code|nav|button|select")
_FEWEST_WORDS: Final = 4  # a heading or a label of three words is no sentence
_VOWELS: Final = re.compile(r"[aeiouy]+")
_SILENT: Final = re.compile(r"(?:[^laeiouy]es|[^td]ed|[^l]e)$")
_TWO: Final = re.compile(r"ia|io[^n]|eo[rn]|[^ls]ea$|ua[^l]|iu|[^q]ui[^sld]|ya")


class _Sentences(HTMLParser):
    """Reads the sentences of a page's main part: each block ends one, as each full stop does."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._words: list[str] = []
        self._in_main = False
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or something that is not read."""
        self._in_main = self._in_main or tag == "main"
        self._skipping += bool(_SKIPPED.fullmatch(tag))
        if _BLOCKS.fullmatch(tag):
            self._end()

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        self._skipping -= bool(_SKIPPED.fullmatch(tag))
        if _BLOCKS.fullmatch(tag):
            self._end()
        self._in_main = self._in_main and tag != "main"

    def handle_data(self, data: str) -> None:
        """Take words."""
        if self._in_main and not self._skipping:
            self._words.append(data)

    def _end(self) -> None:
        text, self._words = " ".join(" ".join(self._words).split()), []
        self.found += [each for each in re.split(r"(?<=[.!?:;])\s+", text) if len(words(each)) >= _FEWEST_WORDS]


def sentences(html: str) -> list[str]:
    """The sentences of a page's main part."""
    reader = _Sentences()
    reader.feed(html)
    reader.close()
    return reader.found


def words(text: str) -> list[str]:
    """The words of a text; figures and addresses are none."""
    return re.findall(r"[A-Za-z]+(?:['’][a-z]+)?", re.sub(r"\S*[@/]\S*|\S*\d\S*", " ", text))


def syllables(word: str) -> int:
    """About how many syllables an English word has."""
    small = re.sub(r"['’].*", "", word.lower())
    count = len(_VOWELS.findall(small)) + len(_TWO.findall(small))
    return max(1, count - (len(small) > 3 and bool(_SILENT.search(small))))


def age(said: list[str]) -> float:
    """The age at which one reads these sentences with ease: the grade of Flesch and Kincaid (1975), and five years."""
    spoken = [word for each in said for word in words(each)]
    grade = 0.39 * len(spoken) / len(said) + 11.8 * sum(map(syllables, spoken)) / len(spoken) - 15.59
    return grade + 5
