"""Records may say more of special education and of career and technical education: a version before does not start on them."""

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Nothing of the store's form changes."""
