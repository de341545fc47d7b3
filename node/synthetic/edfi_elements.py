"""Elements of Ed-Fi interchange files as text."""

from xml.sax.saxutils import escape


def tagged(tag: str, *inner: str) -> str:
    """An element; nothing where nothing is in it."""
    text = "".join(inner)
    return f"<{tag}>{text}</{tag}>" if text else ""


def valued(tag: str, value: object) -> str:
    """An element with a value; nothing for None."""
    return "" if value is None else f"<{tag}>{escape(str(value))}</{tag}>"


def said(tag: str, value: bool | None) -> str:
    """An element that says yes or no; nothing for None."""
    return valued(tag, None if value is None else str(value).lower())


def descriptor(kind: str, code: str) -> str:
    """A descriptor's URI."""
    return f"uri://safe-passage.example/{kind}Descriptor#{code}"


def published(kind: str, code: str) -> str:
    """The URI of a descriptor that Ed-Fi itself publishes."""
    return f"uri://ed-fi.org/{kind}Descriptor#{code}"


def school_reference(key: str) -> str:
    """A school by its id."""
    return tagged("SchoolReference", tagged("SchoolIdentity", valued("SchoolId", key)))


def organisation_reference(key: str | None) -> str:
    """An agency by its id."""
    return tagged("EducationOrganizationReference", tagged("EducationOrganizationIdentity", valued("EducationOrganizationId", key)))
