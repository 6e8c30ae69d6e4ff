"""The agents' group end to end: tickets as topics, through the real adapter (design 6.14)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.bootstrap import build
from bot.staff import accounts
from handoff import actions as a
from nlu.engines.port import Engine
from storage.repositories import conversations, messages, queue, worklists
from storage.unit import Unit
from tests.forum import GROUP, GroupRig, Killed
from tests.rig import PNG


@pytest.fixture
def make_group(tmp_path: Path, engine: Engine) -> Iterator[Callable[..., GroupRig]]:
    made: list[GroupRig] = []

    def make(**options: Any) -> GroupRig:
        made.append(GroupRig(tmp_path / f"group{len(made)}", engine, **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def rig(make_group: Callable[..., GroupRig]) -> GroupRig:
    return make_group()


def user_reads(rig: GroupRig, user: str = "budi") -> str:
    return "\n".join(said.text for said in rig.answers(user))


def test_a_ticket_is_a_topic_with_its_card_and_buttons(rig: GroupRig) -> None:
    ticket = rig.open_ticket()
    (made,) = rig.forum.asked("createForumTopic")
    number = rig.ticket().number
    assert made["name"].startswith(f"{number} · Budi · gagal upload")
    (card,) = rig.forum.in_topic(rig.thread(ticket))
    assert number in card.text
    assert "gagal upload penawaran" in card.text
    assert "+6281" not in card.text
    labels = [label for _, label in card.buttons]
    assert labels == ["Ambil", "Minta Data", "Selesai", "CLOSED", "ESCALATE"]


def test_the_holders_words_reach_the_user_once_and_notes_never(rig: GroupRig) -> None:
    rina, sari = rig.link("rina"), rig.link("sari")
    thread = rig.thread(rig.open_ticket())
    assert "pegang" in rig.press(thread, rina, "Ambil")
    assert "Dipegang Rina" in rig.forum.texts(thread)
    update = rig.write(thread, rina, "Coba perkecil berkasnya")
    rig.give(update)
    rig.write(thread, rina, "// ini cuma catatan Rahasianya")
    rig.write(thread, sari, "aku juga mencatat Rahasianya")
    rig.settle()
    assert user_reads(rig).count("Coba perkecil") == 1
    assert "Rahasianya" not in user_reads(rig)
    assert [row.text for row in rig.rows("SELECT text FROM notes ORDER BY id")] == [
        "ini cuma catatan Rahasianya",
        "aku juga mencatat Rahasianya",
    ]
    assert "perkecil" not in rig.forum.texts(thread)  # what the group wrote is not shown again
    assert "Rahasianya" not in rig.forum.texts(thread)
    signs = [f["reaction"][0]["emoji"] for f in rig.forum.asked("setMessageReaction")]
    assert signs == ["👌", "👌", "✍", "✍"]


def test_what_the_console_does_is_shown_once(rig: GroupRig) -> None:
    rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.act("rina", a.ReplyToUser("Halo dari konsol"))
    rig.act("rina", a.WriteNote("catatan konsol"))
    rig.settle()
    rig.settle()
    assert rig.forum.texts(thread).count("Halo dari konsol") == 1
    assert rig.forum.texts(thread).count("catatan konsol") == 1
    assert "Dipegang Rina" in rig.forum.texts(thread)
    assert user_reads(rig).count("Halo dari konsol") == 1
    assert "catatan konsol" not in user_reads(rig)


def test_a_stranger_cannot_act_and_is_told_once_a_day_how_to_link(rig: GroupRig) -> None:
    thread = rig.thread(rig.open_ticket())
    rig.write(thread, 4711, "saya mau bantu Rahasianya")
    rig.write(thread, 4711, "halo?")
    assert "belum terhubung" in rig.press(thread, 4711, "Ambil")
    assert rig.ticket().agent_id is None
    assert rig.forum.texts(thread).count("belum terhubung") == 1
    assert rig.count("notes") == 0
    assert "Rahasianya" not in user_reads(rig)
    rig.wait_a_day()
    rig.write(thread, 4711, "halo lagi")
    assert rig.forum.texts(thread).count("belum terhubung") == 2


def test_of_two_who_take_at_once_one_wins_and_the_other_is_told_who(rig: GroupRig) -> None:
    rina, sari = rig.link("rina"), rig.link("sari")
    ticket = rig.open_ticket()
    thread = rig.thread(ticket)
    data = rig.forum.in_topic(thread)[0].buttons[0][0]
    rig.give(rig.tap(thread, rina, data))
    rig.give(rig.tap(thread, sari, data))
    answers = rig.forum.asked("answerCallbackQuery")
    assert "Anda pegang" in answers[0]["text"]
    assert "sudah diambil Rina" in answers[1]["text"]
    assert answers[1]["show_alert"] is True
    assert rig.ticket().agent_id == rig.agents["rina"]


def test_a_tap_delivered_twice_is_done_once(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    tap = rig.tap(thread, rina, rig.forum.in_topic(thread)[0].buttons[0][0])
    rig.give(tap)
    rig.give(tap)
    rig.settle()
    assert rig.forum.texts(thread).count("Dipegang Rina") == 1
    assert rig.forum.asked("answerCallbackQuery")[1]["text"] == "Sudah dilakukan."


def test_a_deleted_topic_is_made_anew_and_the_line_sent_again(rig: GroupRig) -> None:
    rig.link("rina")
    ticket = rig.open_ticket()
    old = rig.thread(ticket)
    del rig.forum.topics[old]
    rig.act("rina", a.WriteNote("sesudah dihapus"))
    rig.settle()
    new = rig.thread(ticket)
    assert new != old
    assert rig.forum.texts(new).count("sesudah dihapus") == 1
    assert rig.forum.topics[new]["name"] == rig.forum.asked("createForumTopic")[0]["name"]


def test_a_topic_closed_by_hand_is_opened_again_while_the_ticket_is(rig: GroupRig) -> None:
    rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.forum.topics[thread]["open"] = False
    closed = rig.message(thread, 4711, forum_topic_closed={})
    rig.give(rig.update(message=closed))
    rig.settle()
    assert rig.forum.topics[thread]["open"]
    assert "CLOSED" in rig.forum.in_topic(thread)[-1].text


def test_a_line_for_a_topic_that_is_shut_opens_it_first(rig: GroupRig) -> None:
    rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.forum.topics[thread]["open"] = False
    rig.forum.manages = False  # else a bot may write into a closed topic
    rig.act("rina", a.WriteNote("masuk juga"))
    rig.settle()
    assert rig.forum.texts(thread).count("masuk juga") == 1
    assert rig.forum.topics[thread]["open"]


def test_closing_closes_the_topic_and_reopening_opens_it(rig: GroupRig) -> None:
    rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.act("rina", a.Close("withdrawn", explainer="Rina", missing=True))
    rig.settle()
    assert not rig.forum.topics[thread]["open"]
    assert "Ditutup" in rig.forum.texts(thread)
    rig.forum.topics[thread]["open"] = False
    rig.act("rina", a.Reopen("masih gagal"))
    rig.settle()
    assert rig.forum.topics[thread]["open"]
    assert "Dibuka kembali" in rig.forum.texts(thread)


def test_closing_a_topic_that_somebody_closed_or_deleted_is_no_fault(rig: GroupRig) -> None:
    rig.link("rina")
    first, second = rig.open_ticket(), rig.open_ticket("siti")
    rig.forum.topics[rig.thread(first)]["open"] = False
    for row in rig.rows("SELECT number FROM tickets ORDER BY id"):
        rig.act("rina", a.Close("withdrawn", explainer="Rina", missing=True), row.number)
    rig.settle()
    assert rig.thread(second)
    assert not rig.rows("SELECT 1 FROM outbox WHERE state NOT IN ('sent', 'withdrawn')")
    assert not rig.rows("SELECT 1 FROM alerts WHERE kind LIKE 'group%'")


def _upgrade(rig: GroupRig, new: int) -> int:
    old, rig.forum.chat = rig.forum.chat, new
    rig.forum.old.append(old)
    return old


def test_a_group_that_became_a_supergroup_is_found_at_the_next_line(rig: GroupRig) -> None:
    rig.link("rina")
    first, second = rig.open_ticket(), rig.open_ticket("siti")
    _upgrade(rig, -100999)
    rig.act("rina", a.WriteNote("sesudah pindah"))
    rig.settle()
    assert rig.forum.texts(rig.thread(second)).count("sesudah pindah") == 1
    chats = rig.rows("SELECT DISTINCT chat FROM conversations WHERE channel = 'telegram_group'")
    assert [row.chat for row in chats] == ["-100999"]
    assert rig.thread(first)
    third = rig.open_ticket("tono")
    assert rig.topic(third)


def test_the_groups_new_id_survives_a_restart_with_the_old_one_in_config(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    old = rig.message(thread, 4711, migrate_to_chat_id=-100999)
    _upgrade(rig, -100999)
    rig.give(rig.update(message=old))
    rig.restart()
    rig.press(thread, rina, "Ambil")
    rig.write(thread, rina, "dari grup baru")
    assert user_reads(rig).count("dari grup baru") == 1


def test_the_new_group_may_be_heard_of_first(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    old = _upgrade(rig, -100999)
    rig.give(rig.update(message=rig.message(thread, 4711, migrate_from_chat_id=old)))
    rig.press(thread, rina, "Ambil")
    assert rig.ticket().agent_id == rig.agents["rina"]
    assert not rig.rows("SELECT 1 FROM conversations WHERE channel = 'telegram'")


def test_a_kill_between_arrival_and_record_costs_one_copy_at_most(rig: GroupRig) -> None:
    rig.link("rina")
    ticket = rig.open_ticket()
    thread = rig.thread(ticket)
    rig.act("rina", a.WriteNote("satu"))
    rig.act("rina", a.WriteNote("dua"))
    rig.forum.faults = [Killed()]
    with pytest.raises(Killed):
        rig.settle()
    rig.restart()
    for _ in range(8):
        rig.wait(timedelta(seconds=31))
    assert rig.thread(ticket) == thread
    assert 1 <= rig.forum.texts(thread).count("satu") <= 2
    assert 1 <= rig.forum.texts(thread).count("dua") <= 2
    assert not rig.rows("SELECT 1 FROM outbox WHERE state NOT IN ('sent', 'withdrawn')")


def test_twenty_five_topics_stay_within_the_limit_and_lines_are_merged(rig: GroupRig) -> None:
    rig.link("rina")
    tickets = [rig.open_ticket(f"orang{n}", f"masalah ke-{n}") for n in range(25)]
    for _ in range(20):
        rig.wait(timedelta(seconds=15))
    before = len(rig.forum.posts)
    for row in rig.rows("SELECT number FROM tickets"):
        for n in range(4):
            rig.act("rina", a.WriteNote(f"catatan {n} {row.number}"), row.number)
    for _ in range(40):
        rig.wait(timedelta(seconds=4))
    for ticket in tickets:
        number = rig.rows("SELECT number FROM tickets WHERE id = :t", t=ticket)[0].number
        words = rig.topic(ticket)
        assert [words.count(f"catatan {n} {number}") for n in range(4)] == [1, 1, 1, 1]
    assert len(rig.forum.posts) - before == 25
    assert rig.forum.most_in_a_minute() <= 20


def test_live_chats_go_before_what_waits_longer(rig: GroupRig) -> None:
    rig.link("rina")
    tickets = [rig.open_ticket(f"orang{n}") for n in range(12)]
    for _ in range(10):
        rig.wait(timedelta(seconds=15))
    live = tickets[-1]
    _make_live(rig, live)
    before = len(rig.forum.posts)
    for row in rig.rows("SELECT number FROM tickets ORDER BY id"):
        rig.act("rina", a.WriteNote("menunggu"), row.number)
    rig.run(rig.loket.delivery.drain())
    at_once = [post.thread for post in rig.forum.posts[before:]]
    assert len(at_once) == 5
    assert rig.thread(live) in at_once


def _make_live(rig: GroupRig, ticket: int) -> None:
    row = rig.rows("SELECT * FROM tickets WHERE id = :t", t=ticket)[0]

    def write(unit: Unit) -> None:
        queue.add(
            unit.connection,
            number="ANT-1",
            contact_id=row.contact_id,
            conversation_id=row.conversation_id,
            reason="x",
            state="live",
            created_at=rig.clock.now(),
            ticket_id=ticket,
            agent_id=rig.agents["rina"],
            turn=1,
            calls=0,
            rounds=0,
        )

    rig.loket.database.write(write).result()


def test_a_holder_hears_that_the_group_lags_behind(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.forum.faults = [httpx.ConnectError("no way") for _ in range(20)]
    rig.act("rina", a.WriteNote("lama"))
    for _ in range(6):
        rig.wait(timedelta(seconds=10))
    alerts = rig.rows("SELECT agent_id, text FROM alerts WHERE kind = 'group_lag'")
    assert [row.agent_id for row in alerts] == [rig.agents["rina"]]
    assert "30 detik" in alerts[0].text


def test_files_of_the_holder_reach_the_user_in_order(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.forum.files["surat"] = b"%PDF-1.7 isi"
    named = {"file_id": "surat", "file_unique_id": "s", "file_name": "panduan.pdf"}
    document = {**named, "mime_type": "application/pdf"}
    sent = rig.message(thread, rina, document=document, caption="ini panduannya")
    rig.give(rig.update(message=sent))
    rig.give(rig.update(message=rig.message(thread, rina, text="sudah dibuka?")))
    rig.settle()
    rig.settle()
    read = user_reads(rig)
    assert read.index("ini panduannya") < read.index("panduan.pdf") < read.index("sudah dibuka")
    assert rig.count("group_posts") == 0
    query = "SELECT name FROM attachments WHERE ticket_id IS NOT NULL AND state = 'stored'"
    assert [row.name for row in rig.rows(query)] == ["panduan.pdf"]
    assert not any(post.file for post in rig.forum.posts)


def test_a_refused_file_of_the_holder_is_told_and_goes_nowhere(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.forum.files["virus"] = b"MZ jahat"
    document = {"file_id": "virus", "file_unique_id": "v", "file_name": "obat.exe"}
    rig.give(rig.update(message=rig.message(thread, rina, document=document, caption="coba")))
    rig.settle()
    rig.settle()
    assert "obat.exe" not in user_reads(rig)
    assert "coba" not in user_reads(rig)
    assert "tidak dikirim ke pengguna" in rig.forum.texts(thread)
    assert rig.count("group_posts") == 0


def test_files_of_the_user_appear_in_the_topic_once_they_are_here(rig: GroupRig) -> None:
    ticket = rig.open_ticket()
    key = rig.loket.blobs.put(PNG)
    row = rig.ticket()

    def write(unit: Unit) -> None:
        now = rig.clock.now()
        case = conversations.load_locked(unit.connection, row.conversation_id)
        message = messages.add(
            unit.connection,
            conversation_id=case.id,
            seq=case.seq + 1,
            author="user",
            text="ini layarnya",
            now=now,
            ticket_id=ticket,
        )
        file = messages.add_file(
            unit.connection,
            conversation_id=case.id,
            message_id=message,
            kind="image",
            name="layar.png",
            mime="image/png",
            size=len(PNG),
            ref=None,
            blob=key,
            sha256=key,
            now=now,
        )
        messages.attach_to_ticket(unit.connection, (file,), ticket)
        conversations.save_state(unit.connection, case.id, state=case.state, seq=case.seq + 1)
        for _ in range(2):
            for follow in rig.loket.turns.followers:
                follow(unit, ticket, now)

    rig.loket.database.write(write).result()
    rig.settle()
    assert rig.topic(ticket).count("ini layarnya") == 1
    assert [post.file for post in rig.forum.posts if post.file] == ["layar.png"]


def test_solving_asks_for_the_solution_and_the_reply_is_it(rig: GroupRig) -> None:
    rina, sari = rig.link("rina"), rig.link("sari")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.press(thread, rina, "Selesai")
    asked = rig.forum.in_topic(thread)[-1]
    assert asked.markup["force_reply"] is True
    assert [e["user"]["id"] for e in asked.entities if e["type"] == "text_mention"] == [rina]
    rig.answer_prompt(thread, sari, "bukan saya yang ditanya")
    assert rig.ticket().state == "diproses"
    quoted = {"message_id": asked.message_id, "date": 1, "chat": {"id": GROUP, "type": "group"}}
    rig.write(thread, rina, "Perkecil jadi 2 MB", reply_to_message=quoted)
    assert rig.ticket().state == "selesai"
    assert rig.ticket().explainer == "Rina"
    assert "Perkecil jadi 2 MB" in user_reads(rig)
    assert "bukan saya" not in user_reads(rig)


def test_asking_for_data_and_escalating_from_the_group(rig: GroupRig) -> None:
    rina, koko = rig.link("rina"), rig.link("koko", "koordinator")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.press(thread, rina, "Minta Data")
    rig.answer_prompt(thread, rina, "1. Scan NIB (berkas)\n2. NPWP (teks)\nTangkapan layar")
    rows = rig.rows("SELECT label, kind FROM data_items ORDER BY n")
    assert [tuple(row) for row in rows] == [
        ("Scan NIB", "file"),
        ("NPWP", "text"),
        ("Tangkapan layar", "any"),
    ]
    rig.press(thread, rina, "ESCALATE")
    rig.answer_prompt(thread, rina, "sudah dicoba semua")
    assert rig.ticket().tier == "koordinator"
    told = rig.forum.in_topic(thread)[-1]
    assert "Dieskalasi ke Koordinator" in rig.forum.texts(thread)
    posts = [p for p in rig.forum.in_topic(thread) if "Dieskalasi" in p.text]
    assert [e["user"]["id"] for e in posts[-1].entities if "user" in e] == [koko]
    assert told


def test_closing_asks_why_and_for_a_solution_where_there_is_none(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.press(thread, rina, "CLOSED")
    rig.press(thread, rina, "Beres (tulis solusi)")
    assert rig.ticket().state == "diproses"
    rig.answer_prompt(thread, rina, "Sudah kami buka kuncinya")
    assert (rig.ticket().state, rig.ticket().close_reason) == ("ditutup", "solved")
    assert "buka kuncinya" in user_reads(rig)
    assert "0812-345-678" in user_reads(rig)
    assert "0812" not in rig.forum.texts(thread)  # the form stays in the console
    assert not rig.forum.topics[thread]["open"]


def test_an_edit_of_what_went_out_is_a_note(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    sent = rig.write(thread, rina, "kata awal")["message"]
    rig.give(rig.update(edited_message={**sent, "text": "kata baru", "edit_date": 1763712001}))
    rig.settle()
    assert "kata baru" not in user_reads(rig)
    assert "kata baru" in rig.rows("SELECT text FROM notes")[0].text


def test_a_holder_who_lost_the_ticket_is_told_and_the_words_are_a_note(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.act("rina", a.Close("withdrawn", explainer="Rina", missing=True))
    rig.write(thread, rina, "satu lagi")
    assert "satu lagi" not in user_reads(rig)
    assert "tidak terkirim ke pengguna" in rig.forum.texts(thread)
    assert rig.rows("SELECT text FROM notes")[0].text == "satu lagi"


def test_where_reactions_are_off_words_say_which_it_was(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.forum.reacts = False
    rig.write(thread, rina, "catatan saja")
    assert "Catatan, tidak dikirim" in rig.forum.texts(thread)


@pytest.mark.parametrize("how", ["gone", "no_rights", "no_forum"])
def test_a_group_that_cannot_be_used_is_told_an_admin_once(rig: GroupRig, how: str) -> None:
    rig.forum.gone = how == "gone"
    rig.forum.manages = how != "no_rights"
    rig.forum.is_forum = how != "no_forum"
    assert rig.loket.group is not None
    rig.run(rig.loket.group.check())
    rig.open_ticket()
    rig.wait(timedelta(minutes=11))
    rig.run(rig.loket.group.check())
    (alert,) = rig.rows("SELECT role, text FROM alerts WHERE kind = 'group_broken'")
    assert alert.role == "admin"
    assert rig.say("jam berapa buka?")
    rig.forum.gone, rig.forum.manages, rig.forum.is_forum = False, True, True
    rig.run(rig.loket.group.check())
    rig.settle()
    assert "gagal upload" in rig.topic(rig.ticket().id)


def test_an_account_is_linked_in_private_and_the_dialogue_never_hears_the_code(
    rig: GroupRig,
) -> None:
    agent_id = rig.hire("rina", "helpdesk")
    now = rig.clock.now()
    code = rig.loket.database.write(
        lambda unit: accounts.telegram_code(unit.connection, agent_id, now)
    ).result()
    chat = {"id": 4711, "type": "private", "first_name": "R"}
    sender = {"id": 4711, "is_bot": False, "first_name": "R"}
    head = {"message_id": 5, "date": 1763712000, "chat": chat, "from": sender}
    for words in (f"/petugas_{code}", f"/kode {code}"):
        rig.give(rig.update(message={**head, "text": words}))
    rig.settle()
    said = [f["text"] for f in rig.forum.asked("sendMessage") if f["chat_id"] == 4711]
    assert "Akun terhubung" in said[0]
    assert len(said) == 2
    assert "Akun terhubung" not in said[1]  # a code works once
    assert rig.rows("SELECT telegram_user FROM agents")[0].telegram_user == "4711"
    assert not rig.rows("SELECT 1 FROM messages WHERE author = 'user'")


def test_a_topic_is_never_taken_for_a_chat_of_its_user(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.forum.files["x"] = b"%PDF-1.7 isi"
    document = {"file_id": "x", "file_unique_id": "x", "file_name": "x.pdf"}
    rig.give(rig.update(message=rig.message(thread, rina, document=document)))
    rig.run(rig.loket.fetcher.drain())
    contact, chat = rig.ticket().contact_id, rig.ticket().conversation_id
    rows = rig.loket.database.read(lambda c: conversations.of_contact(c, contact))
    assert [row.channel for row in rows] == ["web"]
    (file,) = rig.rows("SELECT id FROM attachments")
    assert rig.loket.database.read(lambda c: messages.own_file(c, file.id, chat)) is None


def test_a_line_that_the_group_refused_is_on_no_list_of_users_to_be_phoned(rig: GroupRig) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    rig.press(thread, rina, "Ambil")
    rig.forum.refuses = "Bad Request: BUTTON_DATA_INVALID"
    rig.act("rina", a.WriteNote("ditolak"))
    rig.settle()
    assert rig.rows("SELECT 1 FROM outbox WHERE state = 'failed'")
    assert not rig.loket.database.read(lambda c: worklists.undelivered(c, 10))
    (alert,) = rig.rows("SELECT agent_id FROM alerts WHERE kind = 'group_line'")
    assert alert.agent_id == rig.agents["rina"]


def test_the_configured_group_is_wired_where_telegram_is_on(
    rig: GroupRig, tmp_path: Path, engine: Engine
) -> None:
    places = rig.places.model_copy(update={"telegram_token": "1:abcdefgh"})
    rig.loket.close()
    rig.loket = build(rig.config, places, engine, clock=rig.clock)
    assert rig.loket.group is not None
    assert set(rig.loket.channels) == {"web", "telegram", "telegram_group"}
    assert len(rig.loket.turns.followers) == 1


def test_the_group_is_looked_over_when_it_starts(rig: GroupRig) -> None:
    rig.forum.is_forum = False

    async def run() -> None:
        assert rig.loket.group is not None
        stop = asyncio.Event()
        working = asyncio.create_task(rig.loket.group.run(stop))
        for _ in range(100):
            await asyncio.sleep(0.02)
            if rig.rows("SELECT 1 FROM alerts WHERE kind = 'group_broken'"):
                break
        stop.set()
        await working

    rig.run(run())
    assert rig.rows("SELECT 1 FROM alerts WHERE kind = 'group_broken'")


def test_an_update_that_goes_wrong_twice_is_parked(
    rig: GroupRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rina = rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    assert rig.loket.group is not None
    monkeypatch.setattr(rig.loket.group.talk, "hear", None)
    rig.write(thread, rina, "racun")
    assert rig.count("parked") == 1
    monkeypatch.undo()
    rig.write(thread, rina, "sehat")
    assert rig.count("notes") == 1


def test_the_group_is_no_chat_of_a_user(rig: GroupRig) -> None:
    rig.link("rina")
    thread = rig.thread(rig.open_ticket())
    general = rig.message(thread, 4711, text="obrolan biasa")
    del general["message_thread_id"], general["is_topic_message"]
    rig.give(rig.update(message=general))
    rig.settle()
    assert not rig.rows("SELECT 1 FROM conversations WHERE channel = 'telegram'")
    stranger = {**general, "chat": {"id": -5, "type": "group", "title": "Lain"}}
    rig.give(rig.update(message=stranger))
    rig.settle()
    assert rig.forum.asked("leaveChat")
