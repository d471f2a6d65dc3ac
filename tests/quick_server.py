"""An app on loopback for as long as a test wants it, by a server that ends at once.

uvicorn looks ten times a second whether it should end, and then waits a tenth of a second more:
over the servers of all tests that came to more than a minute. Whatever is under way at the end
still gets its time. A server that comes back at once has not been away, as far as its clients can
tell: tests of that take `running_app` of the local server.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI


class QuickServer(uvicorn.Server):
    """uvicorn's server, but for how long it waits."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            await asyncio.sleep(0.005)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for listening in self.servers:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(100):
            if not self.server_state.connections:
                break
            await asyncio.sleep(0.001)
        await self.lifespan.shutdown()


@contextlib.contextmanager
def running_app(app: FastAPI, port: int = 0) -> Iterator[str]:
    """Serve an app from a thread while the block runs; its address."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        config = uvicorn.Config(
            app,
            log_level="warning",
            ws="none",
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        server = QuickServer(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.002)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)
