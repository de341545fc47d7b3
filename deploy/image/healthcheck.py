"""Exit 0 if the service of this container is ready. Standard library only; HEALTH_URL says where to ask."""

import http.client
import os
import ssl
import sys
from urllib.parse import urlsplit


def main() -> int:
    """Ask once."""
    url = urlsplit(os.environ.get("HEALTH_URL", "https://127.0.0.1:8443/readyz"))  # noqa: TID251 a script without settings
    address, port = url.hostname or "127.0.0.1", url.port or 8443
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        # Its own loopback, whose certificate names the service and not this address: nothing is sent, only a status is read.
        connection = http.client.HTTPSConnection(address, port, timeout=4, context=ssl._create_unverified_context())  # noqa: S323 see above
    else:
        connection = http.client.HTTPConnection(address, port, timeout=4)
    try:
        connection.request("GET", url.path)
        return 0 if connection.getresponse().status == http.client.OK else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
