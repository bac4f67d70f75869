"""Mail: letters, the servers that take them, and what came of handing one over."""

from apps.integrations.mail.couriers import Courier
from apps.integrations.mail.letters import Letter
from apps.integrations.mail.receipts import Outcome, Receipt

__all__ = ["Courier", "Letter", "Outcome", "Receipt"]
