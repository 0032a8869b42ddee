"""Commands as another account of this machine: started as root, which then becomes that account for good.

``python second_account.py UID WARM CONFIG`` reads a JSON list of command lines and writes their exit codes and documents.
Each runs first as root on the store of WARM, so that nothing is imported any more where the account may not read the
interpreter's own folders.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys

from opsconsole.cli.app import run


def call(config: str, words: list[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["--config", config, *words, "--json"])
    return code, out.getvalue()


def main(uid: int, warm: str, config: str) -> None:
    """Warm up, become the account, and carry the commands out."""
    orders = json.load(sys.stdin)
    for words in orders:
        call(warm, words)
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    json.dump([call(config, words) for words in orders], sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
