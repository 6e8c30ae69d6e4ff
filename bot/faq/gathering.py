"""Everything that ``loket faq`` looks at: the answers, the office, the NLU's topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import as_file, files

from bot.bootstrap import texts_of
from bot.config import Config
from bot.faq.findings import Known
from dialogs.answers import Answers, Folder, read_folder, read_shipped
from dialogs.desk import Desk
from dialogs.flows.faq import PREFIX
from nlu.learning import training_data
from nlu.understanding import NOTHING


def gather(config: Config, *, taught: bool = True) -> Known:
    """``taught``: count training messages too, which takes a moment. Raises ConfigError for a
    broken text, NluError for broken training data."""
    own = Folder() if config.faq is None else read_folder(config.faq)
    desk = Desk(config.office, texts_of(config.office), Answers(), lambda _: NOTHING)
    today = datetime.now(UTC).astimezone(config.identity.zone).date()
    return Known(desk, today, _messages() if taught else {}, read_shipped(), own)


def _messages() -> Mapping[str, int]:
    """How many training messages each topic of the domain has."""
    with as_file(files("nlu")) as project:
        intents = training_data.read_intents(project / "domain.yml")
        examples = training_data.read_folder(project / "data")
    counted = Counter(example.intent for example in examples)
    return {name.removeprefix(PREFIX): counted[name] for name in intents if name.startswith(PREFIX)}
