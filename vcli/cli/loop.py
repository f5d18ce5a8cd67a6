"""The event loop of commands."""

import asyncio
import contextlib
import socket
import threading
from typing import Any


class CommandLoop(asyncio.SelectorEventLoop):
    """Leaves a name server that does not answer behind.

    asyncio resolves names in threads that the end of the program waits for: a command that has given up on a
    name would end only when the resolver does, half a minute later.
    """

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """As the base class does, in a thread that ends with the program."""
        future: asyncio.Future[Any] = self.create_future()

        def resolve() -> None:
            try:
                found = socket.getaddrinfo(host, port, **options)
            except (OSError, UnicodeError) as error:
                self._answer(future, None, error)
            else:
                self._answer(future, found, None)

        threading.Thread(target=resolve, name="resolver", daemon=True).start()
        return await future

    def _answer(self, future: "asyncio.Future[Any]", found: Any, error: Exception | None) -> None:
        def answer() -> None:
            if future.done():
                return
            if error is None:
                future.set_result(found)
            else:
                future.set_exception(error)

        with contextlib.suppress(RuntimeError):  # the loop is closed: the answer comes too late
            self.call_soon_threadsafe(answer)
