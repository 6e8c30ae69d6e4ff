"""What a platform says later about a message, and when it takes free words.

``outbox.arrived_at`` replaces reading the state of a row: for what platforms without receipts
took it is when they took it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("number", sa.String(), nullable=True))
    op.add_column("conversations", sa.Column("window_until", sa.BigInteger(), nullable=True))
    numbered = ["channel", "account", "number"]
    op.create_index("ix_conversations_channel_account_number", "conversations", numbered,
                    unique=True)  # fmt: skip
    op.create_index("ix_conversations_window_until", "conversations", ["window_until"])
    for column in (
        sa.Column("purpose", sa.String(), nullable=False, server_default="reply"),
        sa.Column("bulk", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("receipt", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("arrived_at", sa.BigInteger(), nullable=True),
        sa.Column("announced_at", sa.BigInteger(), nullable=True),
        sa.Column("announced_id", sa.String(), nullable=True),
        sa.Column("announced", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("outbox", column)
    unresolved = sa.text("resolved_at IS NULL")
    op.create_index("ix_parked_open", "parked", ["channel"], sqlite_where=unresolved,
                    postgresql_where=unresolved)  # fmt: skip
    op.add_column("data_requests", sa.Column("reminded_window", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE outbox SET arrived_at = done_at WHERE state = 'sent' AND conversation_id IN "
        "(SELECT id FROM conversations WHERE channel <> 'web')"
    )
