"""Change to a user, then execute a program. This is a script: it runs in the keeper's children.

    launch.py USER CAPABILITY SIGNAL FOLDER PROGRAM [ARGUMENT ...]

USER and CAPABILITY are numbers, or `-` to keep the user or to have no capability. The kernel sends SIGNAL to
the program when its parent dies, so no server outlives its keeper. The script enters FOLDER first, as that
user, so a folder that the user cannot enter gives an error here and not a puzzle in a log.

PostgreSQL refuses to run as root, so root starts it as another user. If that user cannot enter a folder on
the way to the data (a project in root's home), the program keeps one capability: to pass closed folders. The
permissions of the folders are never changed.
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
    """Replace this process with `program`. Raise `OSError` if that is not possible."""
    os.umask(0o077)
    if user != "-":
        become(int(user), None if capability == "-" else int(capability))
    if sys.platform == "linux":
        # The change of user clears it, so this comes after.
        call("prctl", PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    os.chdir(folder)
    os.execv(program[0], program)


def become(user: int, capability: int | None) -> None:
    """Change from root to `user` for good. Keep only `capability`."""
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
    """The primary group of the user."""
    import pwd

    return pwd.getpwuid(user).pw_gid


def call(name: str, *arguments: object) -> None:
    """Call the C library. Raise `OSError` if the call fails."""
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
