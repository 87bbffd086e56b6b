"""A bundle that an enemy wrote harms nothing: one clear refusal, whatever it holds, and nothing is left or called."""

import json
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jointopt.cli.main import app
from jointopt.errors import BundleError, UserError
from jointopt.study import archive
from jointopt.study.unbundle import open_bundle
from tests.study.bundles import Members, honest, members, pack, with_manifest, with_row


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest bundle."""
    return honest(tmp_path_factory.mktemp("study"))


def _look(bundle: Path) -> None:
    """All that a command would look at."""
    with open_bundle(bundle) as opened:
        opened.report(opened.findings())
        opened.ranked()
        opened.browser().exhibition(opened.browser().policy(None))


def _study(old: str, new: str) -> Callable[[Members], None]:
    def changed(found: Members) -> None:
        assert old.encode() in found["files/0"]
        found["files/0"] = found["files/0"].replace(old.encode(), new.encode())

    return changed


def _add(name: str, content: bytes = b"x") -> Callable[[Members], None]:
    return lambda found: found.update({name: content})


def _result(key: str, value: object) -> Callable[[Members], None]:
    """A recorded result of the study's phases is something else."""

    def changed(found: Members) -> None:
        rows = [json.loads(line) for line in found["findings.jsonl"].splitlines()]
        rows = [row | {"value": json.dumps(value)} if row["key"] == key else row for row in rows]
        found["findings.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return changed


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
ATTACKS: dict[str, tuple[Callable[[Members], object], str]] = {
    "a path that climbs": (_add("../../evil.txt"), "is no name that a bundle has"),
    "a path that climbs within": (_add("files/../../evil.txt"), "is no name that a bundle has"),
    "an absolute path": (_add("/tmp/evil.txt"), "is no name that a bundle has"),
    "a Windows path": (_add("C:\\evil.txt"), "is no name that a bundle has"),
    "a folder": (_add("files/"), "is no name that a bundle has"),
    "a module": (_add("grading.py"), "is no name that a bundle has"),
    "too many members": (lambda found: [_add(f"files/{n}")(found) for n in range(100, 900)], "members; a bundle has"),
    "a member too many": (_add("others.jsonl", b"{}\n"), "no bundle of such a study has it"),
    "a member missing": (lambda found: found.pop("samples.jsonl"), "samples"),
    "a file missing": (lambda found: found.pop("files/1"), "files/1"),
    "no manifest": (lambda found: found.pop("manifest.json"), "it has no manifest.json"),
    "a bomb": (_add("files/9", b"\0" * 50_000_000), "would unpack to 50,000,000 bytes"),
    "a manifest that is none": (_add("manifest.json", b"[]"), "is no bundle of a study"),
    "a manifest of another program": (with_manifest(lambda m: m.update(format="zip")), "is no bundle of a study"),
    "a newer format": (with_manifest(lambda m: m.update(version=3)), "written by a newer jointopt (format 3"),
    "a format of nonsense": (with_manifest(lambda m: m.update(version=[1])), "written by a newer jointopt"),
    "a file twice": (with_manifest(lambda m: m.update(files=["", ""])), "names a file of the study twice"),
    "files of nonsense": (with_manifest(lambda m: m.update(files=[{}])), "holds what no study writes"),
    "another study's name": (with_manifest(lambda m: m["study"].update(name="other")), "as another study"),
    "SQL for a name": (with_manifest(lambda m: m["study"].update(name="'; drop table x")), "is no study's name"),
    "a name that rules the terminal": (
        with_manifest(lambda m: m["study"].update(name="\x1b[2J")),
        "is no study's name",
    ),
    "a name without end": (with_manifest(lambda m: m["study"].update(name="n" * 10**6)), "is no study's name"),
    "a file name that rules the terminal": (
        with_manifest(lambda m: m["study"].update(file="x\x1b[2J\n.yaml")),
        "study file's name holds a control character",
    ),
    "a sample of no request": (with_row("samples", request_key="0" * 64), "does not fit the others"),
    "a state that is none": (with_row("entries", state="free"), "entries.state: 'free' is none"),
    "a wrong price": (with_manifest(lambda m: m["prices"]["nano"].update(input_usd="free")), "holds what no study"),
    "no price": (with_manifest(lambda m: m.update(prices={})), "holds what no study writes"),
    "no JSON": (_add("samples.jsonl", b"not json\n"), "no JSON that a bundle holds"),
    "deep JSON": (_add("samples.jsonl", b"[" * 100_000 + b"\n"), "no JSON that a bundle holds"),
    "half a character": (_add("samples.jsonl", b'{"a": "\xff"}\n'), "no JSON that a bundle holds"),
    "rows that are none": (_add("samples.jsonl", b"[1]\n"), "is no row"),
    "NaN": (with_row("samples", cost_usd="raw:NaN"), "NaN is no number"),
    "infinity": (with_row("samples", latency_s="raw:1e999"), "samples.latency_s: inf is none"),
    "a huge number": (with_row("samples", input_tokens="raw:1" + "0" * 30), "samples.input_tokens: 1000"),
    "a number of a million digits": (
        with_row("entries", calls="raw:" + "9" * 1_000_000),
        "no JSON that a bundle holds",
    ),
    "a negative bill": (with_row("entries", usd_pico=-1), "entries.usd_pico: -1 is none"),
    "a bill beyond all": (with_row("entries", usd_pico=2**53), "more than any study spends"),
    "true for a number": (with_row("samples", replicate=True), "samples.replicate: True is none"),
    "words for a number": (
        with_row("samples", output_tokens="0; drop table jointopt_samples"),
        "samples.output_tokens",
    ),
    "SQL for a column": (with_row("samples", **{"text) values (1); --": 1}), "unknown column"),
    "a column too long": (with_row("samples", finish="s" * 17), "samples.finish"),
    "another's study": (with_row("samples", study_id=1), "unknown column 'study_id'"),
    "a winner that is none": (_result("sealed", {"winner": "[]"}), "holds what no study writes"),
    "a winner that calls": (
        _result(
            "sealed",
            {
                "winner": json.dumps(
                    {"source": {"prompt": "plain", "model": "nano", "temperature": 1.0, "slots": []}}
                    | {"strategy": "evil_module:run", "n": 1}
                ),
                "choices": {},
                "examples": 8,
                "why": "",
            },
        ),
        "evil_module:run",
    ),
    "cards that are none": (with_row("scorecards", card="[]"), "holds what no study writes"),
    "a card of NaN": (with_row("scorecards", policy="{}"), "holds what no study writes"),
    "trials that are none": (_add("trials.jsonl", b"{}\n"), "holds what no study writes"),
    "a trial's distribution": (
        with_row("trials", distributions={"n": '{"name": "os.system", "attributes": {}}'}),
        "holds what no study writes",
    ),
    "a grader of its own": (_study("name: exact", "name: evil_module:Grader"), "evil_module:Grader"),
    "a strategy of its own": (_study("- best_of", "- best_of\n- evil_module:run"), "evil_module:run"),
    "data from elsewhere": (_study("data: examples.jsonl", "data: /etc/secret.jsonl"), "does not keep this file"),
    "data from above": (_study("data: examples.jsonl", "data: ../../secret.jsonl"), "does not keep this file"),
    "a prompt from elsewhere": (
        _study("prompts:\n", "prompts:\n  evil: {file: /etc/hostname}\n"),
        "does not keep this file",
    ),
    "a table from elsewhere": (_study("embedded/nano", "replay/../../etc/secret.jsonl"), "does not keep this file"),
    "a study of another text": (_study("seed: 3", "seed: 4"), "as another study"),
    "tags of YAML": (
        _study("seed: 3", "seed: !!python/object/apply:os.system [true]"),
        "could not determine a constructor",
    ),
    "a bomb of YAML": (lambda found: found.update({"files/0": found["files/0"] + BOMB.encode()}), "more than"),
    "a ring of YAML": (lambda found: found.update({"files/0": found["files/0"] + b"ring: &r [*r]\n"}), "itself"),
    "deep YAML": (lambda found: found.update({"files/0": b"a: " + b"[" * 50_000}), "holds what no study writes"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_one_clear_refusal(
    good: Path, tmp_path: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is wrong and what to do, with exit code 2; nothing is written anywhere, and nothing is called."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "evil_module.py").write_text("raise SystemExit('called')")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    change, words = ATTACKS[attack]
    found = members(good)
    change(found)
    bundle = pack(found, tmp_path / "evil.bundle", sums=attack not in ("no manifest", "a manifest that is none"))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError) as refused:
        _look(bundle)
    assert words in str(refused.value) and "mend" in str(refused.value) and len(str(refused.value)) < 1000
    assert sorted(tmp_path.rglob("*")) == before
    assert "evil_module" not in sys.modules


def test_the_honest_one_is_read(good: Path, tmp_path: Path) -> None:
    """What the attacks begin with is no refusal, packed again or not."""
    _look(good)
    _look(pack(members(good), tmp_path / "again.bundle"))


def _raw(good: Path, to: Path, **change: object) -> Path:
    """A bundle whose zip is odd rather than what is in it."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members(good).items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in change.items() if name == "samples.jsonl" else ():
                setattr(info, key, value)
            written.writestr(info, content)
    return to


def test_a_link_is_refused(good: Path, tmp_path: Path) -> None:
    """A member that says it is a symbolic link is none that a bundle has."""
    with pytest.raises(BundleError, match="is no plain file"):
        _look(_raw(good, tmp_path / "x.bundle", external_attr=(stat.S_IFLNK | 0o777) << 16))


def test_another_way_of_packing_is_refused(good: Path, tmp_path: Path) -> None:
    """Others unpack with more memory than they say."""
    with pytest.raises(BundleError, match="is packed in a way that no bundle is"):
        _look(_raw(good, tmp_path / "x.bundle", compress_type=zipfile.ZIP_LZMA))


def test_a_member_that_is_there_twice_is_refused(good: Path, tmp_path: Path) -> None:
    """Which one would count depends on who reads."""
    bundle = pack(members(good), tmp_path / "x.bundle")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(bundle, "a") as written:
        written.writestr("samples.jsonl", "")
    with pytest.raises(BundleError, match="a member is there twice"):
        _look(bundle)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.3, 0.9, 0.99999])
def test_a_file_that_was_cut_off_is_refused(good: Path, tmp_path: Path, share: float) -> None:
    """Wherever it ends."""
    whole, cut = good.read_bytes(), tmp_path / "x.bundle"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BundleError, match="is no bundle, or was cut off"):
        _look(cut)


def test_no_changed_byte_goes_unnoticed(good: Path, tmp_path: Path) -> None:
    """Bytes all over the file, one at a time: it is refused, or says the very same."""
    whole = good.read_bytes()
    with open_bundle(good) as opened:
        said = repr(opened.findings().winner), opened.parts.ledger.spent()
    for place in range(0, len(whole), len(whole) // 6):
        (tmp_path / "x.bundle").write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            with open_bundle(tmp_path / "x.bundle") as opened:
                assert (repr(opened.findings().winner), opened.parts.ledger.spent()) == said
        except BundleError:
            continue


def test_a_hash_that_does_not_fit_is_refused(good: Path, tmp_path: Path) -> None:
    """A member changed after the manifest was written."""
    found = members(good)
    with_row("samples", text="answer: 7")(found)
    with pytest.raises(BundleError, match=r"samples\.jsonl is not what the manifest says"):
        _look(pack(found, tmp_path / "x.bundle", sums=False))


def test_a_line_without_end_is_refused(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its length, no more of it is read than a line may have."""
    monkeypatch.setattr(archive, "LINE", 1_000)
    found = members(good)
    with_row("samples", text="a" * 1_000)(found)
    with pytest.raises(BundleError, match=r"a line of samples\.jsonl is longer than 1,000 bytes"):
        _look(pack(found, tmp_path / "x.bundle"))


def test_more_than_a_disk_bears_is_refused(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is unpacked."""
    monkeypatch.setattr(archive, "WHOLE", 10_000)
    with pytest.raises(BundleError, match="unpacked it would take more than 10,000 bytes"):
        _look(good)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, nothing, an empty file, and text."""
    (tmp_path / "folder.bundle").mkdir()
    (tmp_path / "empty.bundle").touch()
    (tmp_path / "text.bundle").write_text("a text that is longer than the record at the end of a zip file")
    for name in ("folder", "nothing", "empty", "text"):
        result = CliRunner().invoke(app, ["report", str(tmp_path / f"{name}.bundle")])
        assert isinstance(result.exception, BundleError), result.exception


def test_no_refusal_rules_the_terminal(good: Path, tmp_path: Path) -> None:
    """What a message quotes may hold escape sequences: they come out as marks."""
    found = members(good)
    _study("data: examples.jsonl", 'data: "\\e[2Jx.jsonl"')(found)
    bundle = pack(found, tmp_path / "x.bundle")
    done = subprocess.run([sys.executable, "-m", "jointopt", "report", str(bundle)], capture_output=True, check=False)
    assert done.returncode == 2 and b"[2Jx.jsonl" in done.stderr and b"\x1b" not in done.stderr
