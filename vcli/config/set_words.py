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

    def key(self) -> tuple[str, bool]:
        """What is next, up to its equals sign, as it stands there; and whether it has one. Reads nothing."""
        start = self.position
        _, stop = self.until("=,")
        end = self.position - len(stop)
        self.position = start
        return self.text[start:end], stop == "="

    def take(self, char: str) -> bool:
        """Read a character, if it is the next one."""
        is_next = self.text.startswith(char, self.position)
        self.position += is_next
        return is_next

    def skip_blanks(self) -> None:
        """Read all blanks that are next."""
        self.position = len(self.text) - len(self.rest().lstrip())


def keys_of(expression: str, *, is_json: bool = False) -> str:
    """The keys that an expression sets, with commas between them, for messages: a value may be a password.

    Args:
        expression: what follows the option.
        is_json: it is one of ``--set-json``, in whose values commas mean something else: its first key alone.
    """
    if is_json and expression.lstrip().startswith("{"):
        return ""
    words, found = Words(expression), []
    while words.rest():
        key, has_value = words.key()
        words.until("=,")
        if has_value:
            found.append(key.strip())
        if has_value and is_json:
            break
        if has_value and words.take("{"):
            words.until("}")
        if has_value:
            words.until(",")
    return ",".join(found)
