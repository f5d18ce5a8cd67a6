r"""The text of a ``--set``, read from left to right; a backslash takes the next character as it is."""


class Words:
    """A text, and how far it was read.

    Attributes:
        text: the whole.
        position: of the next character.
    """

    def __init__(self, text: str) -> None:
        self.text, self.position = text, 0

    def rest(self) -> str:
        """What was not read yet."""
        return self.text[self.position :]

    def until(self, stops: str) -> tuple[str, str]:
        """The characters before the first of some, without backslashes, and that one; empty at the end."""
        found: list[str] = []
        while self.position < len(self.text):
            char = self.text[self.position]
            self.position += 1
            if char in stops:
                return "".join(found), char
            if char != "\\":
                found.append(char)
            elif self.position < len(self.text):
                found.append(self.text[self.position])
                self.position += 1
        return "".join(found), ""

    def take(self, char: str) -> bool:
        """Read a character, if it is the next one."""
        is_next = self.text.startswith(char, self.position)
        self.position += is_next
        return is_next

    def skip_blanks(self) -> None:
        """Read all blanks that are next."""
        self.position = len(self.text) - len(self.rest().lstrip())
