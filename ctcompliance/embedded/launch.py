"""Becomes a user, then becomes a program. A script of its own: it runs in the keeper's children.

    launch.py USER CAPABILITY SIGNAL FOLDER PROGRAM [ARGUMENT ...]

USER and CAPABILITY are numbers or `-` for none. SIGNAL is what the kernel sends to the program when its
parent dies, so that no server outlives its keeper. FOLDER is entered first, as that user: a folder that the
user cannot enter is an error here, not a riddle in a log.

PostgreSQL refuses the user root, so root starts it as another user. Where the way to the folder is closed to
that user (a project below root's home), the program keeps one capability, the right to pass closed folders.
No permission of a folder outside is ever changed for it.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522


def main(user: str, capability: str, death_signal: str, folder: str, *program: str) -> None:
    """Replaces this process by `program`; raises `OSError` when it cannot."""
    os.umask(0o077)
    if user != "-":
        become(int(user), None if capability == "-" else int(capability))
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        call("prctl", PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    os.chdir(folder)
    os.execv(program[0], program)  # noqa: S606


def become(user: int, capability: int | None) -> None:
    """Gives up root for `user`, for good, and keeps at most `capability`."""
    os.setgroups([])
    os.setgid(user_group(user))
    if capability is None:
        os.setuid(user)
        return
    call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setuid(user)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    call("capset", header, (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0))
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def user_group(user: int) -> int:
    """The user's own group."""
    import pwd

    return pwd.getpwuid(user).pw_gid


def call(name: str, *arguments: object) -> None:
    """Calls the C library; a refusal is an `OSError`."""
    library = ctypes.CDLL(None, use_errno=True)
    wide = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    if getattr(library, name)(*wide) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(str(error))
