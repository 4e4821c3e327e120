"""The search for secrets finds real forms of keys, and each exception has a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import secret_scan

# Put together here, so that the search does not find this file.
PRIVATE_KEY = "-----BEGIN " + "PRIVATE KEY-----"
AWS = "AKIA" + "QYLPMN5HHHFPZAM2"
GITHUB = "ghp" + "_wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"


@pytest.mark.parametrize("text", [PRIVATE_KEY, f"key = '{AWS}'", f"token: {GITHUB}"])
@pytest.mark.parametrize("name", ["tests/new.py", "orders/new.py", "docs/new.md"])
def test_a_key_is_found_wherever_it_is(text: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(f"# A file\n{text}\n")

    assert {(hit.file, hit.line) for hit in secret_scan.search([name], tmp_path)} == {(name, 2)}


def test_what_looks_like_a_password_is_found_in_the_product_alone(tmp_path: Path) -> None:
    line = "password = " + '"Tr0ub4dor&3-horse"\n'
    for name in ("orders/new.py", "tests/new.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(line)

    assert {hit.file for hit in secret_scan.search(["orders/new.py", "tests/new.py"], tmp_path)} == {
        "orders/new.py"
    }


def test_a_hit_is_printed_without_its_text() -> None:
    assert "hidden" not in str(secret_scan.Hit("a.py", 1, "Private Key", "hidden"))


def test_an_exception_needs_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "listed.toml"
    listed.write_text('[[allowed]]\nfile = "a.py"\ntext = "b"\n')
    monkeypatch.setattr(secret_scan, "ALLOWED", listed)

    with pytest.raises(ValueError, match=r"a\.py"):
        secret_scan.read_allowed()


def test_an_exception_that_is_not_needed_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "listed.toml"
    listed.write_text('[[allowed]]\nfile = "a.py"\ntext = "b"\nwhy = "c"\n')
    monkeypatch.setattr(secret_scan, "ALLOWED", listed)
    monkeypatch.setattr(secret_scan, "files", lambda: ["README.md"])

    assert secret_scan.main() == 1
    assert "a.py" in capsys.readouterr().out
