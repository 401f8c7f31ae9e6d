"""Files that a user names: which are refused, and how text is read."""

from pathlib import Path

from energeia._core.errors import InputError


def refuse_special_file(path: Path) -> None:
    """Refuse pipes, sockets and devices, on which reading may wait or continue forever.

    Raises:
        InputError: if the path exists and is one of them.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(
            f"{path} is a pipe, a socket or a device where a file was wanted: write its content to "
            "a file and name that"
        )


def read_utf8(path: Path, wanted: str) -> str:
    """The text of a file in UTF-8.

    Raises:
        InputError: if it is in another encoding, no text, or no file.
    """
    refuse_special_file(path)
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        found = "UTF-16 text" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "not UTF-8 text"
        raise InputError(f"{path} is {found} where {wanted} was wanted: save it as UTF-8 text")
    return text
