"""Plants bugs, one at a time, and says which test finds each: do the tests hold what they held?

    python -m bench.planted_bugs                    all of them
    python -m bench.planted_bugs floor_rounded_up   some of them
    python -m bench.planted_bugs --list             their names

A bug is a piece of text that stands once in src/ and sql/, and what it becomes. So no path is
needed, and a bug outlives a move; where a name changed too, it has several spellings.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT = Path(__file__).resolve().parents[1]
FAILED = r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$"
ENVIRONMENTS = (".venv", ".venv-sam")
# The quickest first: most bugs are found before a database is asked.
LANES = (["tests/unit"], ["tests/integration"], ["tests/e2e"])
# Where a bug should be found, as parts of the names of test files. Everything is run only when it
# is not found there.
LIKELY = {
    "revision_guard_dropped": ["totals", "rollup", "races"],
    "acknowledged_before_it_is_recorded": ["failures", "stripe_unreachable"],
    "every_exception_answers_200": ["bad_deliveries", "failures"],
    "signatures_of_the_future_verify": ["signatures"],
    "ledger_entries_may_share_a_number": ["schema"],
    "floor_rounded_up": ["entitlement"],
    "disputes_that_were_won_count": ["disputes"],
    "held_payments_grant": ["derive", "before_till", "terms"],
    "the_reference_wins_over_metadata": ["terms", "derive_fields"],
    "a_discount_changes_what_was_bought": ["packages"],
    "nothing_bought_counts_as_one": ["packages", "unreadable"],
    "a_request_id_may_be_used_again": ["request_ids"],
    "an_adjustment_notes_the_balance_before": ["operations"],
    "totals_count_twice": ["totals", "rollup"],
    "a_list_ends_after_its_first_page": ["test_answers", "paging"],
    "a_page_repeats_the_last_row": ["paging"],
    "one_odd_object_ends_a_run": ["outages", "odd_objects"],
    "progress_is_saved_before_the_work": ["runs", "walks"],
    "a_changed_migration_is_applied": ["migrations"],
    "errors_of_others_are_logged_with_their_text": ["telemetry"],
}

# Each bug's spellings: the text that stands in the code, and what the bug makes of it.
BUGS: dict[str, list[tuple[str, str]]] = {
    "revision_guard_dropped": [
        (f" WHERE {alias}.revision = %(found_revision)s::bigint", " WHERE true")
        for alias in ("standing", "stored", "payment")
    ],
    "acknowledged_before_it_is_recorded": [
        ('(503, "try_later", later.why)', '(200, "try_later", later.why)')
    ],
    "every_exception_answers_200": [
        (
            '(503, "try_later", "not processed; deliver it again")',
            '(200, "try_later", "not processed; deliver it again")',
        )
    ],
    "signatures_of_the_future_verify": [
        ("timestamp - time.time() > TOLERANCE_SECONDS", "timestamp - time.time() > 10**9")
    ],
    "ledger_entries_may_share_a_number": [
        ("    CONSTRAINT one_entry_a_number UNIQUE (user_id, entry_number),\n", "")
    ],
    "floor_rounded_up": [
        (
            "return tokens * max(charged_minor - returned_minor, 0) // charged_minor",
            "return -(-tokens * max(charged_minor - returned_minor, 0) // charged_minor)",
        )
    ],
    "disputes_that_were_won_count": [
        ('("needs_response", "under_review")', '("needs_response", "under_review", "won")')
    ],
    "held_payments_grant": [
        (
            "if not payment.terms_are_settled or payment.tokens_purchased is None:",
            "if payment.tokens_purchased is None:",
        )
    ],
    "the_reference_wins_over_metadata": [
        (
            'purchase.metadata.get("user_id"), purchase.session.get("client_reference_id")',
            'purchase.session.get("client_reference_id"), purchase.metadata.get("user_id")',
        )
    ],
    "a_discount_changes_what_was_bought": [
        ('session.get("amount_subtotal")', 'session.get("amount_total")')
    ],
    "nothing_bought_counts_as_one": [
        (
            "quantity = 1 if said is None else whole(said)",
            "quantity = 1 if not said else whole(said)",
        )
    ],
    "a_request_id_may_be_used_again": [("return self.asked == signed.asked", "return True")],
    "an_adjustment_notes_the_balance_before": [
        (
            "%(delta)s::bigint, credits, 'adjustment'",
            "%(delta)s::bigint, credits - %(delta)s::bigint, 'adjustment'",
        )
    ],
    "totals_count_twice": [
        ("-1, created_at, (was).*", "0, created_at, (was).*"),
        (
            "     CROSS JOIN LATERAL (VALUES (was, -1), (became, 1))",
            "     CROSS JOIN LATERAL (VALUES (was, 0), (became, 1))",
        ),
    ],
    "a_list_ends_after_its_first_page": [('{"page_limit": limit + 1}', '{"page_limit": limit}')],
    "a_page_repeats_the_last_row": [
        ("{'<' if sort.descending else '>'}", "{'<=' if sort.descending else '>='}")
    ],
    "one_odd_object_ends_a_run": [
        (f"outage(why_not, self.{name}.history)", 'Stop("stripe", why_not.why)')
        for name in ("sources", "ports")
    ],
    "progress_is_saved_before_the_work": [
        (
            "            return place, stop\n        place = after_page(",
            "            pass\n        place = after_page(",
        )
    ],
    "a_changed_migration_is_applied": [
        ("if applied is not None and applied != migration.checksum:", "if applied == '':")
    ],
    "errors_of_others_are_logged_with_their_text": [
        (
            'str(error) if kind.__module__.split(".")[0] in OUR_PACKAGES else None',
            "str(error)",
        )
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these bugs")
    parser.add_argument("--list", action="store_true", help="say their names")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BUGS):
        parser.error(f"there is no bug {', '.join(sorted(unknown))}; see --list")
    names = given.names or list(BUGS)
    if given.list:
        print("\n".join(names))
        return
    survived = 0
    for name in names:
        found_by = caught(name)
        survived += found_by is None
        print(f"| {name} | {found_by or '**survived**'} |", flush=True)
    raise SystemExit(1 if survived else 0)


def caught(name: str) -> str | None:
    """The first test that fails with the bug; None when all pass."""
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_project(copy)
        plant(name, copy)
        for lane in (likely(name, copy), *LANES):
            ran = subprocess.run(  # noqa: S603
                [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", *lane],
                cwd=copy,
                capture_output=True,
                text=True,
                check=False,
            )
            if ran.returncode:
                failed = re.search(FAILED, ran.stdout, re.MULTILINE)
                return failed[1] if failed else f"{' '.join(lane)}, which does not even start"
    return None


def likely(name: str, copy: Path) -> list[str]:
    """The test files that should find the bug."""
    files = (copy / "tests").rglob("test_*.py")
    return [str(file) for file in files if any(part in file.stem for part in LIKELY[name])]


def copy_project(copy: Path) -> None:
    """What git knows of, as it is now; the environments are shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, copy / name)
    for environment in ENVIRONMENTS:
        (copy / environment).symlink_to(PROJECT / environment)


def plant(name: str, copy: Path) -> None:
    """Changes the one place. Ends the program when the code has no such place, or several."""
    files = [path for room in ("src", "sql") for path in (copy / room).rglob("*.*")]
    texts = {path: path.read_text("utf-8") for path in files if path.suffix in (".py", ".sql")}
    for stands, becomes in BUGS[name]:
        places = [path for path, text in texts.items() for _ in range(text.count(stands))]
        if len(places) == 1:
            (place,) = places
            place.write_text(texts[place].replace(stands, becomes), "utf-8")
            return
    raise SystemExit(
        f"{name} has no place in the code any more, or several: give it another spelling"
    )


if __name__ == "__main__":
    main()
