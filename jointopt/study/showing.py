"""What a dashboard shows of a study that runs, worked out beside it: from its database, and in a thread of its own.

Whoever buys samples would otherwise wait meanwhile, and the answers under way would seem to take longer than they do.
"""

import threading
from collections.abc import Callable

from jointopt.analysis import Findings
from jointopt.reports import Board
from jointopt.search import steady


class Showing:
    """Refreshes a board when it is time, one thread at a time.

    Args:
        board: what is refreshed.
        tell: works out the findings, beside the study that runs; called in the thread.
        show: calls what it is handed, and tells of what fails in that; called in the thread.
    """

    def __init__(
        self, board: Board, tell: Callable[[], Findings], show: Callable[[Callable[[], object]], None]
    ) -> None:
        self.board, self.tell, self.show = board, tell, show
        self._thread: threading.Thread | None = None

    def refresh(self) -> None:
        """Begin to refresh the board if it is time; returns at once."""
        if self.board.due() and not (self._thread and self._thread.is_alive()):
            self._thread = threading.Thread(target=self._refresh, name="jointopt-showing", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Have nothing more be shown from now on. What is still being worked out is waited for by nobody."""
        self.board.close()

    def _refresh(self) -> None:
        self.show(lambda: steady(lambda: self.board.refresh(self.tell)))
