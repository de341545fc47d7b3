"""The client of a node: `Client` for asyncio or trio, `BlockingClient` for the rest, with one implementation behind both.

    client = BlockingClient(ClientFile.load(Path("sis.json")))
    found = client.lookup_students(StudentLookup(first_name="Ana", last_name="Núñez", birth_date=date(2018, 2, 3)))

Every error is a `safepassage.problems.SuiteError`: the node's own problems by their class, and those of `problems.calls`.
"""

from safepassage.client import calls
from safepassage.client.call import Call, Page
from safepassage.client.client_file import ClientFile
from safepassage.client.faces import BlockingClient, Client
from safepassage.client.keys import ClientKey
from safepassage.client.unread import WithUnread, naming_unread

__all__ = ["BlockingClient", "Call", "Client", "ClientFile", "ClientKey", "Page", "WithUnread", "calls", "naming_unread"]
