"""The one place where concrete parts are wired together; tests call it with other adapters."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from bot import platforms, windows
from bot.bells import Bell, PageBells
from bot.blobs import BlobStore, DatabaseBlobs, FolderBlobs
from bot.channels.port import Channel
from bot.channels.web import WebChannel
from bot.clock import Clock, SystemClock
from bot.config import Config, ConfigError
from bot.delivery import Address, Delivery
from bot.desk_turns import DeskTurns
from bot.ears import Parse, ears, guard
from bot.faq.watch import AnswersWatch
from bot.health import Health, name_of
from bot.intake import Intake
from bot.media import Fetcher
from bot.metrics import Metrics
from bot.overrides import TextError, check_texts
from bot.pages import application
from bot.places import Places, read_secret_key
from bot.poison import Safe
from bot.receipts import Receipts
from bot.speaking import Bells
from bot.staff.passwords import Passwords
from bot.ticker import Ticker
from bot.turns import Turns
from dialogs.answers import AnswerBook, AnswerError, Answers
from dialogs.canned import Canned
from dialogs.desk import Desk
from dialogs.office import Office
from dialogs.texts import Texts
from handoff.clock.calendar import OfficeCalendar
from handoff.counter import Counter
from handoff.lkpp import ManualLkpp
from nlu.engines.port import Engine
from storage import schema
from storage.database import Database, open_database
from storage.repositories.topics import CHANNEL as GROUP

if TYPE_CHECKING:
    from bot.group.desk import GroupDesk
    from bot.group.talk import GroupChannel

log = logging.getLogger(__name__)


@dataclass
class Loket:
    """The whole, ready to run. ``parts`` run while the server runs."""

    config: Config
    places: Places
    database: Database
    clock: Clock
    turns: Turns
    intake: Intake
    delivery: Delivery
    fetcher: Fetcher
    ticker: Ticker
    answers: AnswersWatch
    blobs: BlobStore
    bells: Bells
    metrics: Metrics
    app: ASGIApp
    channels: Mapping[str, Channel]
    webhooks: list[Route] = field(default_factory=list)
    group: GroupDesk | None = None
    parts: list[Callable[[asyncio.Event], Coroutine[Any, Any, None]]] = field(default_factory=list)
    closers: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)
    health: Health = field(init=False)

    def __post_init__(self) -> None:
        self.health = Health(self.database, self.clock.steady)

    @contextlib.asynccontextmanager
    async def running(self, _app: Starlette | None = None) -> AsyncIterator[None]:
        """Delivery, fetcher, clock and channels at work; all are stopped on the way out."""
        stop = asyncio.Event()
        self.bells.pages.listen()
        self.bells.desk.listen()
        self.ticker.start()
        self.health.watch("Ticker", self.ticker.lives)
        calendar = self.turns.counter.calendar
        warming = asyncio.create_task(asyncio.to_thread(calendar.warm, self.clock.now()))
        tasks = [
            asyncio.create_task(part(stop))
            for part in (self.delivery.run, self.fetcher.run, *self.parts)
        ]
        for task in tasks:
            task.add_done_callback(_report)
            self.health.watch(name_of(task), task)
        self.health.started()
        try:
            yield
        finally:
            self.health.stopping()
            stop.set()
            self.bells.delivery.ring()
            self.bells.fetcher.ring()
            self.bells.pages.close()
            self.bells.desk.close()
            await asyncio.wait([*tasks, warming], timeout=20)
            for closer in self.closers:
                await closer()
            await asyncio.to_thread(self.ticker.stop)

    def close(self) -> None:
        """Let go of the database; after ``running``."""
        self.intake.close()
        self.database.close()


def build(
    config: Config,
    places: Places,
    engine: Engine,
    *,
    clock: Clock | None = None,
    channels: Mapping[str, Channel] | None = None,
    passwords: Passwords | None = None,
) -> Loket:
    """Wire everything for one process. ``channels`` adds to or replaces those that the
    configuration opens; ``passwords`` hashes at another cost. Raises ConfigError, storage's
    WrongRevision and Unavailable."""
    clock = clock or SystemClock()
    key = read_secret_key(places)
    database = _open(places)
    try:
        loket = _assemble(config, places, engine, clock, key, database, channels or {})
        loket.app = application(loket, passwords or Passwords())
        return loket
    except BaseException:
        database.close()
        raise


def _open(places: Places) -> Database:
    try:
        database = open_database(places.database)
    except ValueError as error:
        raise ConfigError(f"LOKET_DATABASE_URL: allowed is {error}") from None
    try:
        database.read(schema.check)
    except BaseException:
        database.close()
        raise
    return database


def _assemble(
    config: Config,
    places: Places,
    engine: Engine,
    clock: Clock,
    key: bytes,
    database: Database,
    extra: Mapping[str, Channel],
) -> Loket:
    answers = AnswersWatch(config, clock)
    metrics = Metrics()
    heard = ears(engine, metrics.nlu)
    desk = make_desk(config, heard.quick, answers.shelf)
    counter = Counter(
        office=desk.office,
        policy=config.policy,
        texts=desk.texts,
        answers=desk.answers,
        calendar=OfficeCalendar(config.hours, config.identity.zone),
        series=config.series,
        key=key,
        lkpp=ManualLkpp(),
    )
    blobs = _blobs(places, database)
    bells = Bells(Bell(), Bell(), PageBells(), PageBells())
    channels: dict[str, Channel] = {"web": WebChannel()} if config.channels.web else {}
    found = platforms.opened(config, places)
    for platform in found:
        channels |= platform.channels
    channels |= extra
    abilities = {name: channel.abilities for name, channel in channels.items()}
    turns = Turns(database, counter, desk, abilities, clock, bells, blobs.put, heard.patient)
    name = "serve" if config.channels.web or found else "-".join(channels)
    ticker = Ticker(database, turns, clock, name)
    intake = Intake(
        database, turns, Safe(key), clock, unclean=ticker.wake_up(), metrics=metrics.delivery
    )
    address = Address(places.address, key)
    delivery = Delivery(
        database,
        channels,
        clock,
        blobs,
        address,
        bells.pages,
        bells.delivery,
        _templates(config),
        metrics.delivery,
    )
    fetcher = Fetcher(database, channels, blobs, turns, clock, config.files, bells.fetcher)
    loket = Loket(
        config,
        places,
        database,
        clock,
        turns,
        intake,
        delivery,
        fetcher,
        ticker,
        answers,
        blobs,
        bells,
        metrics,
        _not_yet,
        channels,
    )
    loket.parts.append(partial(answers.run, database, bells))
    loket.group = _group(config, channels, turns, database)
    if loket.group is not None:
        loket.parts.append(loket.group.run)
    parts = platforms.Parts(
        turns,
        intake,
        Receipts(database, clock, bells, metrics.delivery),
        database,
        clock,
        metrics.delivery,
        loket.group,
    )
    for platform in found:
        service, routes = platform.connect(parts)
        loket.parts.append(service.run)
        loket.closers.append(service.close)
        loket.webhooks += routes
    return loket


def _templates(config: Config) -> windows.Templates:
    """The templates the office has registered, by purpose."""
    forms = {
        purpose: windows.Form(form.name, form.language, tuple(form.body), form.button)
        for purpose, form in config.whatsapp.templates
        if form is not None
    }
    return windows.Templates(forms, config.identity.short_name or config.identity.name)


def make_desk(config: Config, understand: Parse, answers: AnswerBook) -> Desk:
    """What the conversation needs. Raises ConfigError for a broken text."""
    return Desk(config.office, texts_of(config.office), answers, understand)


def texts_of(office: Office) -> Texts:
    """The office's texts, looked through with the canned replies. Raises ConfigError."""
    try:
        texts = Texts(office.texts)
        check_texts(office)
        Canned(office.canned).fill(name="", number="", agent="", office=office)
    except (TextError, ValueError) as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}") from None
    return texts


def _blobs(places: Places, database: Database) -> BlobStore:
    if database.dialect == "sqlite":
        return FolderBlobs(places.data_dir / "files")
    return DatabaseBlobs(database)


def _group(
    config: Config, channels: Mapping[str, Channel], turns: Turns, database: Database
) -> GroupDesk | None:
    """The agents' group, where there is one; imported only then."""
    chat, channel = config.channels.telegram_agent_group, channels.get(GROUP)
    if not chat or channel is None:
        return None
    from bot.group.desk import GroupDesk

    return GroupDesk(cast("GroupChannel", channel), str(chat), DeskTurns(turns), database)


async def _not_yet(scope: object, receive: object, send: object) -> None:
    raise RuntimeError("the application is not assembled yet")


def _report(task: asyncio.Task[object]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a part of Loket stopped", exc_info=task.exception())


def load_engine(
    config: Config, cache: Path, say: Callable[[str], None], rasa_token: str = ""
) -> Engine:
    """The configured NLU engine. The builtin one is there in any case, trained first if its
    model is missing or old; it answers where a Rasa server does not."""
    from nlu.engines.builtin import load_or_train

    begun = time.perf_counter()
    builtin = load_or_train(cache, say=say)
    engine = builtin if config.nlu.engine == "builtin" else guard(builtin, config.nlu, rasa_token)
    log.debug("NLU ready after %.0f ms", 1000 * (time.perf_counter() - begun))
    return engine


def check_files(config: Config) -> str:
    """Load texts and answers; a sentence that says what was found. Raises ConfigError."""
    texts = texts_of(config.office)
    try:
        answers = Answers.load(config.faq)
    except AnswerError as error:
        raise ConfigError(str(error)) from None
    return (
        f"The configuration is good: {len(texts.names())} texts, {len(answers.topics())} answers, "
        f"{len(Canned(config.canned).names())} canned replies."
    )


def check_places(config: Config, places: Places) -> None:
    """What can be looked at before the slow parts load: key, database, the office's own
    texts, what the platforms need. A broken answer stops nothing. Raises ConfigError, storage's
    WrongRevision and Unavailable."""
    read_secret_key(places)
    platforms.check(config, places)
    _open(places).close()
    if config.texts or config.canned:
        texts_of(config.office)
