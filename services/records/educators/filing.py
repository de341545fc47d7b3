"""Filing the credentials that another node has sent for an educator who has applied here: once each is shown to be its issuer's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from safepassage.credentials.vc_jwt import read_unverified
from safepassage.credentials.verification import read_credential
from safepassage.envelope import Envelope
from safepassage.ids import uuid7
from safepassage.package import Content, Credentials
from safepassage.problems.credentials import CredentialMalformed, CredentialNotValidNow, CredentialRevoked
from safepassage.wire_educators import Educator
from safepassage.wire_licensure import BASIS, ELEMENT, EducatorSelector
from services.records.educators.kept import KeptContent, about, keep_at
from services.records.educators.verifying import issuing_node, verified
from services.records.exchange import events
from services.records.exchange.exchange import Exchange
from services.records.tables import ExchangeRequestRow
from shared.contracts.audit import Context, Digests, Event
from shared.group_commit import Writing


@dataclass(frozen=True)
class Genuine:
    """A credential whose issuer is of the network and has signed it."""

    text: str
    id: str
    node: str


async def genuine_in(exchange: Exchange, content: Content) -> tuple[Genuine, ...]:
    """The credentials of a package, each verified as one that is brought by hand. Not within a transaction.

    One that was revoked, or is not in force, is its issuer's all the same: it is filed, and whoever reads it reads that it does not hold.
    INVARIANT: all of them or none: what is not its issuer's comes from a sender that should not have sent it.

    Raises StatusListNotObtained, TemporarilyUnavailable: later. What else `verified` raises: the package is rejected.
    """
    if not isinstance(content, Credentials):
        return ()
    now, found = exchange.clock(), list[Genuine]()
    for text in content.credentials:
        data = text.encode()
        try:
            node = (await verified(exchange, data, now=now)).node
        except (CredentialRevoked, CredentialNotValidNow):  # both are found after the signature
            node = issuing_node(exchange, data)
        given = read_credential(data)
        identifier = (read_unverified(given) if isinstance(given, str) else given).get("id")
        if not isinstance(identifier, str):
            raise CredentialMalformed("without an id", field="id")
        found.append(Genuine(text, identifier, node))
    return tuple(found)


def file_credentials(
    tx: Writing,
    exchange: Exchange,
    message: Envelope,
    asked: ExchangeRequestRow,
    educator: EducatorSelector,
    genuine: Sequence[Genuine],
    now: datetime,
) -> None:
    """Keep each for the agency that asked, under the number by which it asked; one that it has stays as it is. With the log's entry."""
    if not genuine:
        return
    known_as = Educator(name=educator.name, identifier=educator.identifier, birth_date=educator.birth_date)
    organisation_id = asked.receiving_organisation_id
    for one in genuine:
        keep_at(
            tx.connection,
            exchange.vault,
            KeptContent(educator=known_as, credential=one.text),
            id_=uuid7(now),
            organisation_id=organisation_id,
            node=one.node,
            credential_id=one.id,
            now=now,
        )
    tx.record(
        Event(
            class_="load",
            key=f"{message.envelope_id}:filed",
            **about(exchange.vault, organisation_id, known_as),
            actor=events.SYSTEM,
            context=Context(
                operation="educator-credentials-filed",
                basis=BASIS,
                exchange_id=message.exchange_id,
                envelope_id=message.envelope_id,
                recipient_node=message.iss,
                elements=(ELEMENT,),
            ),
            digests=Digests(ct=message.ct_digest, pt_commit=message.pt_commit),
        )
    )
    tx.afterwards(exchange.outbox.wake)
