"""The messaging platforms, wired: which are open, their channels, and what brings events in.

Each is imported only where its token is set: they are slow to load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from starlette.routing import Route

from bot.channels.port import AccountBroken, Channel, DeliveryError
from bot.clock import Clock
from bot.config import Config, ConfigError
from bot.intake import Intake
from bot.metrics import DeliveryMetrics
from bot.places import Places
from bot.receipts import Receipts
from bot.turns import Turns
from storage.database import Database

if TYPE_CHECKING:
    from bot.group.desk import GroupDesk


@dataclass(frozen=True, slots=True)
class Parts:
    """What a platform's service works with."""

    turns: Turns
    intake: Intake
    receipts: Receipts
    database: Database
    clock: Clock
    metrics: DeliveryMetrics
    group: GroupDesk | None


class Service(Protocol):
    """Brings events in while the server runs."""

    async def run(self, stop: asyncio.Event) -> None: ...

    async def close(self) -> None: ...


class Platform(Protocol):
    """One platform that is open."""

    channels: Mapping[str, Channel]

    def connect(self, parts: Parts) -> tuple[Service, Sequence[Route]]:
        """Its service, and the routes of its webhook."""
        ...


def check(config: Config, places: Places) -> None:
    """Whether each whose token is set has all it needs. Raises ConfigError."""
    if places.telegram_token and config.channels.telegram == "webhook":
        for name in ("telegram_secret", "public_url"):
            _needed(places, name, "channels.telegram: webhook needs it (or set it to polling)")
    if places.whatsapp_app_secret and not places.whatsapp_token:
        _needed(places, "whatsapp_token", "without it WhatsApp stays closed")
    if places.whatsapp_token:
        for name in ("whatsapp_app_secret", "whatsapp_verify_token", "whatsapp_phone_number_id"):
            _needed(places, name, "with LOKET_WHATSAPP_TOKEN it is needed (docs/whatsapp.md)")


def opened(config: Config, places: Places) -> list[Platform]:
    """Those whose tokens are set. Raises ConfigError for one that lacks something else."""
    check(config, places)
    found: list[Platform] = []
    if places.telegram_token:
        found.append(_Telegram(config, places))
    if places.whatsapp_token:
        found.append(_WhatsApp(config, places))
    return found


def ask_whatsapp(config: Config, places: Places) -> str:
    """A sentence on whether Meta knows our number and token. Raises ConfigError where it refuses
    them."""

    async def ask() -> str:
        platform = _WhatsApp(config, places)
        try:
            return f"WhatsApp is connected: {await platform.channel.check()}."
        except AccountBroken as error:
            raise ConfigError(f"WhatsApp refuses our account: {error}") from None
        except DeliveryError as error:
            return f"WhatsApp does not answer as it should: {error or type(error).__name__}."
        finally:
            await platform.channel.close()

    return asyncio.run(ask())


def _needed(places: Places, name: str, why: str) -> None:
    if not getattr(places, name):
        raise ConfigError(f"LOKET_{name.upper()} is missing; {why}")


class _Telegram:
    def __init__(self, config: Config, places: Places) -> None:
        from bot.channels import telegram, telegram_group, telegram_service
        from bot.group import linking as group_link

        self._make = telegram_service.TelegramService
        self._settings = telegram_service.TelegramSettings(
            account=telegram.account_of(places.telegram_token),
            mode=config.channels.telegram,
            public_url=places.address,
            secret=places.telegram_secret,
            agent_group=(
                str(config.channels.telegram_agent_group)
                if config.channels.telegram_agent_group
                else None
            ),
        )
        self._path = telegram.WEBHOOK_PATH
        self._bot = telegram.make_bot(places.telegram_token, places.telegram_base_url or None)
        self._channel = telegram.TelegramChannel(self._bot)
        self._linker = group_link.Linker
        channels: dict[str, Channel] = {self._channel.name: self._channel}
        if self._settings.agent_group is not None:
            group = telegram_group.TelegramGroupChannel(
                self._channel, self._bot, self._settings.account
            )
            channels[group.name] = group
        self.channels: Mapping[str, Channel] = channels

    def connect(self, parts: Parts) -> tuple[Service, Sequence[Route]]:
        linker = self._linker(parts.turns, self._settings.account)
        asides = (linker, parts.group) if parts.group is not None else (linker,)
        service = self._make(
            self._bot,
            self._channel,
            self._settings,
            parts.intake,
            parts.database,
            parts.clock,
            asides,
        )
        if self._settings.mode != "webhook":
            return service, ()
        return service, (Route(self._path, service.webhook, methods=["POST"]),)


class _WhatsApp:
    def __init__(self, config: Config, places: Places) -> None:
        from bot.channels import whatsapp, whatsapp_graph, whatsapp_service

        self._make = whatsapp_service.WhatsAppService
        self._secrets = whatsapp_service.WhatsAppSecrets(
            places.whatsapp_app_secret, places.whatsapp_verify_token
        )
        self._phone_number_id = places.whatsapp_phone_number_id
        settings = whatsapp_graph.WhatsAppSettings(
            places.whatsapp_base_url.rstrip("/"),
            places.whatsapp_version,
            places.whatsapp_phone_number_id,
            places.whatsapp_token,
        )
        client = whatsapp_graph.make_client(settings)
        self.channel = whatsapp.WhatsAppChannel(client, settings)
        self.channel.abilities = replace(
            self.channel.abilities, per_second=config.whatsapp.per_second
        )
        self.channels: Mapping[str, Channel] = {self.channel.name: self.channel}

    def connect(self, parts: Parts) -> tuple[Service, Sequence[Route]]:
        service = self._make(
            self.channel,
            self._phone_number_id,
            self._secrets,
            parts.intake,
            parts.receipts,
            parts.clock,
            parts.metrics,
        )
        path = "/webhooks/whatsapp"
        return service, (
            Route(path, service.subscribe, methods=["GET"]),
            Route(path, service.webhook, methods=["POST"]),
        )
