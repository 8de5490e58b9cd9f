"""The SQL of a schema, taken apart: tokens, and the definitions of a CREATE TABLE."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

TokenType = Literal["word", "quoted", "string", "number", "other"]
TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*.*?(?:\*/|$))
    |(?P<blob>[xX]'[^']*')
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<other>\|\||<=|>=|<>|==|!=|<<|>>|->>|->|.)""",
    re.VERBOSE | re.DOTALL,
)
TABLE_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")


@dataclass(frozen=True)
class SqlToken:
    """A token: `value` is the name or the text that it quotes, `upper` the keyword that it may be."""

    type: TokenType
    text: str
    value: str

    @property
    def upper(self) -> str:
        """The text in capitals; empty for what is quoted, which is no keyword."""
        return self.text.upper() if self.type in ("word", "other", "number") else ""


def tokens(sql: str) -> tuple[SqlToken, ...]:
    """Return the tokens of a statement without spaces and comments."""
    return tuple(_token(found) for found in TOKEN.finditer(sql) if found.lastgroup != "skip")


def _token(found: re.Match[str]) -> SqlToken:
    text = found[0]
    if found.lastgroup == "string":
        return SqlToken("string", text, text[1:-1].replace("''", "'"))
    if found.lastgroup == "quoted":
        mark = text[-1]
        return SqlToken("quoted", text, text[1:-1].replace(mark * 2, mark) if mark != "]" else text[1:-1])
    named: dict[str | None, TokenType] = {"word": "word", "number": "number"}
    return SqlToken(named.get(found.lastgroup, "other"), text, text)


def definitions(sql: str) -> tuple[tuple[SqlToken, ...], ...]:
    """Return what stands between the commas of a CREATE TABLE: its columns, then its constraints."""
    body = group(tokens(sql))
    return tuple(split(body))


def group(of: Sequence[SqlToken]) -> tuple[SqlToken, ...]:
    """Return what stands within the first parentheses."""
    depth, found = 0, list[SqlToken]()
    for token in of:
        depth -= token.text == ")"
        if depth < 0 or (depth == 0 and found and token.text == ")"):
            break
        if depth:
            found.append(token)
        depth += token.text == "("
    return tuple(found)


def split(of: Sequence[SqlToken]) -> Iterator[tuple[SqlToken, ...]]:
    """Yield what stands between commas that are in no parentheses."""
    depth, found = 0, list[SqlToken]()
    for token in of:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and depth == 0:
            yield tuple(found)
            found = []
        else:
            found.append(token)
    if found:
        yield tuple(found)


def checks(sql: str) -> tuple[tuple[SqlToken, ...], ...]:
    """Return the conditions of a CREATE TABLE's CHECK constraints."""
    found = list[tuple[SqlToken, ...]]()
    for definition in definitions(sql):
        depth = 0
        for number, token in enumerate(definition):
            if depth == 0 and token.upper == "CHECK":
                found.append(group(definition[number + 1 :]))
            depth += (token.text == "(") - (token.text == ")")
    return tuple(found)


def collations(sql: str) -> dict[str, str]:
    """Return the collation that each column of a CREATE TABLE names."""
    found = dict[str, str]()
    for definition in definitions(sql):
        if definition[0].upper not in TABLE_CONSTRAINTS:
            for token, following in itertools.pairwise(definition[1:]):
                if token.upper == "COLLATE":
                    found[definition[0].value] = following.value.upper()
    return found


def deferred(sql: str) -> set[tuple[str, ...]]:
    """Return the columns, in small letters, of each foreign key that is INITIALLY DEFERRED."""
    found = set[tuple[str, ...]]()
    for definition in definitions(sql):
        words = [token.upper for token in definition]
        if "DEFERRED" in words and words[words.index("DEFERRED") - 1] == "INITIALLY":
            is_column = words[0] not in TABLE_CONSTRAINTS
            named = [definition[0]] if is_column else group(definition[words.index("FOREIGN") :])
            found.add(tuple(token.value.lower() for token in named if token.text != ","))
    return found
