"""Optuna's gRPC proxy: trials reached through a process that alone holds the database's password.

Only trials go through it; samples, ledger and leases lie in the database and are spoken to directly. A study asks
Optuna from one process at a time, so a proxy makes no study faster: it pays where many studies share a database, and
where who looks at trials shall not reach the database.
"""

import logging
import re
import warnings
from importlib.util import find_spec

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, GrpcStorageProxy, get_storage, run_grpc_proxy_server

from jointopt.errors import StorageError
from jointopt.search.reach import reach_database
from jointopt.storage import open_database

PATIENCE_S = 10.0
_ADDRESS = re.compile(r"grpc://(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^/:@\s\[\]]+)):(?P<port>\d{1,5})/?")
_FORM = "write it as grpc://host:13000"
_INSTALL = "pip install 'jointopt[grpc]'"


def reach_trials(url: str) -> BaseStorage:
    """Optuna's storage behind a URL: a database's, or ``grpc://host:port`` of a proxy before it.

    Raises:
        StorageError: it is no such URL, gRPC is not installed, or no proxy answers there.
    """
    if url.startswith("grpc:"):
        return _through(url)
    return reach_database(url)


def serve_trials(url: str, *, host: str, port: int) -> None:
    """Run a proxy before a database until interrupted. It knows no password: whoever reaches it can delete trials.

    Raises:
        StorageError: the database cannot be opened, gRPC is not installed, or the address cannot be listened on.
    """
    where = f"{host}:{port}"
    _need_grpc(where)
    open_database(url).close()  # what cannot be used is told in our words
    optuna.logging.set_verbosity(logging.WARNING)
    listened = f"[{host}]" if ":" in host else host
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            run_grpc_proxy_server(get_storage(reach_trials(url)), host=listened, port=port)
    except RuntimeError as error:  # gRPC's way to say that it cannot listen
        message, mend = f"cannot be listened on: {error}", "choose another --port, or a --host of this machine"
        raise StorageError(message, where=where, mend=mend) from None


def _through(url: str) -> GrpcStorageProxy:
    """A proxy that has answered."""
    found = _ADDRESS.fullmatch(url)
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise StorageError("this is no address of a proxy", where=f"trials {url!r}", mend=_FORM)
    _need_grpc(url)
    host = f"[{found['six']}]" if found["six"] else found["host"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        storage = GrpcStorageProxy(host=host, port=int(found["port"]))
    try:
        storage.wait_server_ready(timeout=PATIENCE_S)
    except ConnectionError:
        storage.close()
        message = f"no proxy of Optuna's answers within {PATIENCE_S:g} s"
        mend = "start it (python -m dashboards.proxy), name where it is (grpc://host:13000), or unset JOINTOPT_TRIALS"
        raise StorageError(message, where=f"trials {url!r}", mend=mend) from None
    return storage


def _need_grpc(where: str) -> None:
    if not find_spec("grpc") or not find_spec("google.protobuf"):
        raise StorageError("gRPC is not installed", where=where, mend=_INSTALL)
