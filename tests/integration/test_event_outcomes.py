"""The page about what each event does is what the handler does."""

from tests.integration import event_outcomes
from tests.till import Till


def test_the_page_of_event_outcomes_is_up_to_date(till: Till) -> None:
    """If not: `PYTHONPATH=src:. python -m tests.integration.event_outcomes` writes it anew; look
    at the difference, it is a change of what the product does."""
    assert event_outcomes.page(till) == event_outcomes.PAGE.read_text(encoding="utf-8")
    assert till.audit() == []
