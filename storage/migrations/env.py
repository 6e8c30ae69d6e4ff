"""How Alembic reaches the database: always over a connection handed in by ``storage.schema``."""

from alembic import context

from storage.models import Base
from storage.search import is_model

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_name=is_model,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
