"""The plain text of an answer made into blocks for a page: paragraphs, lists, and numbers that can be called."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

_STEP = re.compile(r"\d{1,2}\. ")
_UNITS = (
    r"(?! ?(?:h\b|heures?|ans?|jours?|mois|semaines?|minutes?|euros?|€|%|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|"
    r"décembre|/))"
)
#: What the answers say in English, to whom writes in another language: a screen reader must not read it as French.
_ENGLISH = re.compile(r"I only understand French\. In danger, call 112\.")


@dataclass(frozen=True)
class Span:
    """A piece of a line; `href` when it can be called or written to, `lang` when it is not in French."""

    text: str
    href: str | None = None
    lang: str | None = None


@dataclass(frozen=True)
class Block:
    """A paragraph ("p") of one line, or a list ("ul", "ol") of several."""

    kind: str
    lines: tuple[tuple[Span, ...], ...]


class Dialer:
    """Finds the known telephone numbers in a text."""

    def __init__(self, numbers: Iterable[str]) -> None:
        long = sorted(
            (re.escape(n).replace(r"\ ", r"[ \u00a0]?") for n in numbers if len(n) > 2), key=len, reverse=True
        )
        short = [re.escape(n) for n in numbers if len(n) == 2]
        choices = [rf"(?<![\d.,]){'(?:' + '|'.join(long) + ')'}(?![\d]|[.,]\d)" if long else "(?!)"]
        if short:
            choices.append(rf"(?<=\b[lL]e )(?:{'|'.join(short)})\b{_UNITS}|(?<=\bau )(?:{'|'.join(short)})\b{_UNITS}")
        self._pattern = re.compile("|".join(choices))

    def spans(self, line: str) -> tuple[Span, ...]:
        """Cut `line` into text and numbers; the 114 is written to, the others are called."""
        if english := _ENGLISH.search(line):
            before, after = line[: english.start()], line[english.end() :]
            foreign = (replace(span, lang="en") for span in self._spans(english[0]))
            return (*self._spans(before), *foreign, *self._spans(after))
        return self._spans(line)

    def _spans(self, line: str) -> tuple[Span, ...]:
        spans, end = [], 0
        for match in self._pattern.finditer(line):
            if match.start() > end:
                spans.append(Span(line[end : match.start()]))
            digits = re.sub(r"\D", "", match[0])
            spans.append(Span(match[0].replace(" ", "\u00a0"), f"sms:{digits}" if digits == "114" else f"tel:{digits}"))
            end = match.end()
        if end < len(line):
            spans.append(Span(line[end:]))
        return tuple(spans)


def blocks(text: str, dialer: Dialer) -> list[Block]:
    """Return the blocks of `text`: a line each, lines that begin with "- " or "1. " gathered in lists."""
    result: list[Block] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            continue
        step = _STEP.match(line)
        kind = "ul" if line.startswith("- ") else "ol" if step else "p"
        body = line[2:] if kind == "ul" else line[step.end() :] if step else line
        spans = dialer.spans(body)
        if kind != "p" and result and result[-1].kind == kind:
            result[-1] = Block(kind, (*result[-1].lines, spans))
        else:
            result.append(Block(kind, (spans,)))
    return result


@dataclass(frozen=True)
class Call:
    """A number to press at once: its address, as it is written, and whose it is."""

    href: str
    text: str
    name: str


def calls(found: Iterable[Block], names: Mapping[str, str]) -> list[Call]:
    """Return the first number that an urgent answer gives, and the one to write to in silence when it gives one."""
    spans = [span for block in found for line in block.lines for span in line if span.href]
    silent = [span for span in spans if span.href and span.href.startswith("sms:")]
    chosen = dict.fromkeys([*spans[:1], *silent[:1]])
    return [Call(str(span.href), span.text, names.get(span.text.replace("\u00a0", " "), "")) for span in chosen]
