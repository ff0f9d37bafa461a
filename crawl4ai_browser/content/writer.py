"""The text that is being written, piece by piece, with the blank lines and spaces between pieces decided in one place.

markdownify joins the strings of all children at every element and settles the line breaks between them there, which
copies a text once for each element around it. Here a container only asks for a break; nothing is copied, so the cost
does not grow with the depth. The rule is markdownify's: of two breaks that meet, the larger one counts, at most two.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_MARKS = frozenset("`*~")


@dataclass(slots=True)
class _Frame:
    """A text of its own, begun by an element that will convert it as a whole."""

    starts_line: bool
    """Whether what comes first stands at the start of a line."""
    pieces: list[str] = field(default_factory=list[str])
    owed: int = 0
    """Line breaks to write before the next piece."""
    lead: int = 0
    """Line breaks asked for before the first piece."""
    marked: tuple[int, str] = (0, "")
    """After how many pieces an inline format ended, and with which mark."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A finished frame: its text, and the line breaks to keep from what is before and after it."""

    text: str
    lead: int = 0
    trail: int = 0

    @property
    def has_blocks(self) -> bool:
        """Whether some of it stands on lines of its own."""
        return bool(self.lead or self.trail) or "\n\n" in self.text


class Writer:
    """A stack of frames; text goes to the innermost one."""

    def __init__(self) -> None:
        self._frame = _Frame(starts_line=True)
        self._outer: list[_Frame] = []

    @property
    def at_line_start(self) -> bool:
        """Whether the next text begins a line."""
        frame = self._frame
        if frame.owed:
            return True
        return frame.pieces[-1][-1] == "\n" if frame.pieces else frame.starts_line

    @property
    def is_empty(self) -> bool:
        """Whether the current frame has no text yet."""
        return not self._frame.pieces

    @property
    def depth(self) -> int:
        """How many frames are open around the current one."""
        return len(self._outer)

    def open(self, *, starts_line: bool) -> None:
        """Begin a frame."""
        self._outer.append(self._frame)
        self._frame = _Frame(starts_line)

    def close(self) -> Fragment:
        """End the frame and take its text."""
        frame = self._frame
        self._frame = self._outer.pop()
        return Fragment("".join(frame.pieces), frame.lead, frame.owed)

    def write_space(self, space: str) -> None:
        """Add a space or line break, unless there is one already."""
        frame = self._frame
        pieces = frame.pieces
        if not frame.owed and (pieces[-1][-1] not in " \n" if pieces else not frame.starts_line):
            pieces.append(space)

    def write(self, text: str) -> None:
        """Add text to the line, without doubling the space between the two."""
        frame = self._frame
        last = frame.pieces[-1][-1] if frame.pieces else ""
        is_line_start = frame.owed or last == "\n" or (not last and frame.starts_line)
        if is_line_start or (last == " " and text[:1] in {" ", "\n"}):
            text = text.lstrip()
        if not text:
            return
        if frame.owed:
            frame.pieces.append("\n" * frame.owed)
            frame.owed = 0
        elif last and text[0] in "([.)":
            text = _keep_apart(frame, text)
        frame.pieces.append(text)

    def break_lines(self, count: int) -> None:
        """Have at least so many line breaks between what was written and what comes: 2 make a blank line."""
        frame = self._frame
        pieces = frame.pieces
        if frame.owed:
            frame.owed = max(frame.owed, count)
            return
        while pieces and pieces[-1][-1] in " \n":
            stripped = pieces[-1].rstrip()
            if stripped:
                pieces[-1] = stripped
            else:
                pieces.pop()
        if pieces:
            frame.owed = count
        else:
            frame.lead = max(frame.lead, count)
            frame.starts_line = True

    def break_hard(self) -> None:
        """A `<br>`: two spaces and a line break. A second one in a row makes a blank line."""
        frame = self._frame
        if frame.owed or not frame.pieces:
            return
        if frame.pieces[-1][-1] == "\n":
            self.break_lines(2)
            return
        frame.pieces[-1] = frame.pieces[-1].rstrip()
        if not frame.pieces[-1]:
            frame.pieces.pop()
        frame.pieces.append("  \n")

    def write_block(self, text: str, *, breaks: int = 2) -> None:
        """Add text that stands on lines of its own."""
        self.break_lines(breaks)
        self.write_verbatim(text)
        self.break_lines(breaks)

    def text(self) -> str:
        """All that was written, when no frame is open."""
        return "".join(self._frame.pieces).strip("\n")

    def write_verbatim(self, text: str) -> None:
        """Add text whose own spaces and line breaks count."""
        frame = self._frame
        if frame.owed:
            frame.pieces.append("\n" * frame.owed)
            frame.owed = 0
        if text:
            frame.pieces.append(text)

    def write_fragment(self, fragment: Fragment, text: str, *, mark: str = "") -> None:
        """Add the converted text of a frame with the line breaks that had been asked for at its edges.

        `mark` is what an inline format has put at both ends: of two such texts side by side, `**a****b**` would be read
        as something else, so they become one; two code spans are set apart.
        """
        if fragment.lead:
            self.break_lines(fragment.lead)
        frame = self._frame
        if mark and not frame.owed and frame.marked == (len(frame.pieces), mark) and text.startswith(mark):
            before, after = frame.pieces[-1].removesuffix(mark), text.removeprefix(mark)
            if mark == "`" or before[-1:] in _MARKS or after[:1] in _MARKS:
                self.write(" ")
            else:
                frame.pieces[-1], text = before, after
        if text:
            self.write(text)
            if mark and text.endswith(mark):
                frame.marked = (len(frame.pieces), mark)
        if fragment.trail:
            self.break_lines(fragment.trail)


def _keep_apart(frame: _Frame, text: str) -> str:
    """Escape what two pieces, plain by themselves, would be together: `!` `[a](b)`, `[a]` `(b)`, `1` `. a`."""
    last = frame.pieces[-1]
    if text[0] == "[":
        if last[-1] == "!" and last[-2:] != "\\!":
            frame.pieces[-1] = f"{last[:-1]}\\!"
    elif text[0] == "(" and last[-1] == "]" and last[-2:] != "\\]":
        return f"\\{text}"
    elif text[0] in ".)" and last.isdigit():
        before = frame.pieces[-2][-1] if len(frame.pieces) > 1 else "\n" if frame.starts_line else ""
        return f"\\{text}" if before == "\n" else text
    return text
