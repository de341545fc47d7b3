"""What an answer says of elements that the node could not read: it got the record from a node of a later version (docs/upgrading.md)."""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import httpx2

from safepassage.client.call import Call
from safepassage.problems.calls import AnswerNotUnderstood
from safepassage.unread_elements import FIELD, named_in

A = TypeVar("A")


@dataclass(frozen=True)
class WithUnread(Generic[A]):
    """An answer with a record, and what is not in it."""

    content: A
    """As the call gives it: a record, or the bytes of a document."""
    unread_elements: tuple[str, ...]
    """Ids of elements that came and that the node's version does not know, or not wholly; in the content they are missing, or in part.

    Empty where the node has read all of the record.
    """


def naming_unread(call: Call[A]) -> Call[WithUnread[A]]:
    """The same call of a received record, in whatever form, with the elements of it that the node keeps unread.

    Raises AnswerNotUnderstood where the answer's field names none.
    """

    def read(response: httpx2.Response) -> WithUnread[A]:
        try:
            return WithUnread(call.read(response), named_in(response.headers.get(FIELD)))
        except ValueError as error:
            raise AnswerNotUnderstood from error

    return replace(call, read=read)  # type: ignore[arg-type, return-value]  # the same call, read as something else
