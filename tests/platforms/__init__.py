"""Both platforms in small, for tests, simulations and load: what a bot sends is kept, what
people do is brought to it, and everything goes wrong that goes wrong with the real ones.

They run in the test's own loop, on ports of their own; the bot may be another process that
dies and comes back. Nothing a person said is forgotten before the bot has taken it::

    faults = Faults(random.Random(seed), hang=0.02, cut_after=0.02, duplicate=0.1, batch=0.3)
    whatsapp = FakeWhatsApp(faults, app_secret=SECRET, speed=20)
    async with whatsapp.serving():
        start_the_bot(LOKET_WHATSAPP_BASE_URL=whatsapp.url, ...)
        assert await whatsapp.subscribe(bot + "/webhooks/whatsapp")  # or whatsapp.hook(*doors)
        budi = whatsapp.user("6281234567890", "ID.77001", name="Budi")
        parcel = budi.say("halo")  # goes as soon as it can; parcel.taken is when it was taken
        await until(lambda: budi.arrived)
        budi.tap("Lapor")
        faults.next(budi, "131047 late", "hang")  # what happens to the next two to him
        whatsapp.close_window(budi)
        faults.calm()
        await whatsapp.settle()

``FakeTelegram`` is used alike: its webhook is what the bot sets, or ``telegram.hook(url,
secret)``, or ``telegram.postman.doors = [...]`` where several replicas stand behind one
address. Each fake may have ``Faults`` of its own, or both the same.

The truth, for whoever checks a run:

- ``fake.chats[chat or user]``: what arrived there, in order. Nothing may be there twice, but
  for what ``fake.cut`` lists (arrived, and the bot was not told), nor at anybody else's.
- ``fake.lost`` (WhatsApp): accepted, never arrived, and told so by a failed status.
- ``fake.postman.parcels``: all that people did (and all statuses), in order, with the bot's
  answers; all must be ``taken`` in the end, and once in the bot's own books.
- ``fake.postman.strays``: what must change nothing. Answers to ``forged`` are 401 or 403, to
  ``poison``, ``duplicate`` and ``late`` 2xx (0 or 5xx while the bot was down).

A bot killed after an answer was written, before it was read, is not in ``cut``: nobody can see
that from outside. Such a message may come twice as well; the bot's own books know it as sent
again. What is said while the bot is down waits with pauses of 2, 4, 8 ... seconds, divided by
``speed``. Telegram drops updates after a day, here they are kept for ever.
"""

from tests.platforms.faults import Faults, Pace, telegram_paces, whatsapp_paces
from tests.platforms.serving import Cut, until
from tests.platforms.telegram import FakeTelegram
from tests.platforms.whatsapp import FakeWhatsApp

__all__ = [
    "Cut",
    "FakeTelegram",
    "FakeWhatsApp",
    "Faults",
    "Pace",
    "telegram_paces",
    "until",
    "whatsapp_paces",
]
