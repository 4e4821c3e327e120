"""Courts, agencies and places of a state from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Agency, AuditAction, AuditEntry, Town
from accounts.services.agencies.state_file import EXAMPLE, StateFileError, load_state
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The example that the command prints."""
    path = tmp_path / "vermont.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def test_the_example_loads_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_state", str(file), "--dry-run")
    assert not Agency.objects.filter(jurisdiction="us_vt").exists()
    call_command("load_state", str(file))
    again = load_state(file)

    assert (again.lines, again.unchanged) == ((), 5)
    assert Agency.objects.get(answers_for_state=True).name == "Vermont State Police"
    assert Agency.objects.get(kind="court").docket_prefixes == "WR"
    village = Town.objects.get(name="Wilder, Vermont")
    assert str(village.within) == "Hartford, Vermont"
    assert village.police.name == "Hartford Police Department (Vermont)"
    assert AuditEntry.objects.get(action=AuditAction.DIRECTORY_CHANGED).detail["rows"] == 5
    assert "Vermont: 5 changed, 0 right already." in capsys.readouterr().out


def test_a_later_file_changes_what_it_names(file: Path) -> None:
    load_state(file)
    file.write_text(
        'state = "us_vt"\n[[court]]\nname = "Vermont Superior Court, Windsor Unit"\nemail = "w@v.example"'
    )

    assert load_state(file).lines == ("court “Vermont Superior Court, Windsor Unit”: changed: email",)
    assert Agency.objects.get(kind="court").docket_prefixes == "WR"


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("us_vt", "us_tx", "state: missing or not known. Use one of: us_ca, us_ct"),
        ("[[court]]", "[[courts]]", "“courts” is not known. Use state, agency, court, place."),
        ('county = ""', 'county = "Windsor"', "has no time zone of its own in Vermont"),
        ('county = ""', "county = 5", "county: write a text in quotes."),
        ('county = ""', 'town = ""', "town: not known. Use name, county, email, telephone, docket_prefixes."),
        ('name = "Wilder"', 'name = ""', "place 2: name: missing."),
        ('within = "Hartford"', 'within = "Norwich"', "No town is called “Norwich”."),
        ('"police"\n', '"court"\n', "Write a court under [[court]]."),
        ('"VTVSP0000"', '"VSP"', "Enter nine capital letters and digits"),
        ("state =", "state ==", "The file cannot be read: Invalid value (at line 3, column 8)"),
        ("Hartford Police Department (Vermont)", "Elm Police", "An agency of Connecticut has this name."),
    ],
)
def test_a_fault_is_named_and_nothing_is_stored(file: Path, old: str, new: str, refusal: str) -> None:
    make.agency(name="Elm Police")
    file.write_text(EXAMPLE.replace(old, new), encoding="utf-8")

    with pytest.raises(StateFileError) as refused:
        load_state(file)

    assert refusal in str(refused.value)
    assert not Agency.objects.filter(jurisdiction="us_vt").exists()


def test_the_command_asks_for_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="Give the file"):
        call_command("load_state")
    call_command("load_state", "--example")
    assert capsys.readouterr().out.strip() == EXAMPLE.strip()
