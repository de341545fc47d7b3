"""Problems of attachments: documents of a student's record that are refused, or not there."""

from safepassage.problems.problem import SuiteError


class NoSuchAttachment(SuiteError):
    """No attachment with this id is the student's."""

    code, status, title = "no-such-attachment", 404, "No such attachment"
    remedy = "List them with GET /v1/students/{student_id}/attachments."


class AttachmentExists(SuiteError):
    """Another document was loaded under this id."""

    code, status, title = "attachment-exists", 409, "Id belongs to another document"
    remedy = "Make a new id (a random UUID) for another document."


class ElementTakesNoAttachment(SuiteError):
    """The element takes no attachment, or the student's record does not hold it: an attachment goes only where its element goes."""

    code, status, title = "element-takes-no-attachment", 422, "Element takes no attachment"
    remedy = "Name an element of special education, academics, assessments, programs, health or discipline that the record holds."


class AttachmentEmpty(SuiteError):
    """Nothing was uploaded."""

    code, status, title = "attachment-empty", 422, "Attachment is empty"
    remedy = "Send the document as the body of the request."


class AttachmentTypeDiffers(SuiteError):
    """The content is not what its media type says."""

    code, status, title = "attachment-type-differs", 422, "Content is not of the type that was declared"
    remedy = "Send a PDF, PNG or JPEG file that is whole, under its own media type; `detail` says what was found."


class AttachmentUnsafe(SuiteError):
    """The document has active or hidden content, is encrypted, or cannot be examined to its end. `detail` says which."""

    code, status, title = "attachment-unsafe", 422, "Document has content that is not taken"
    remedy = "Print or scan the document to a plain PDF without scripts, forms, embedded files or a password, and send that."


class AttachmentInfected(SuiteError):
    """The malware scanner has found something. It is not said what: the node's operator finds it in the scanner's log."""

    code, status, title = "attachment-infected", 422, "Malware was found in the document"
    remedy = "Do not send the file again. Have the computer that it comes from examined."


class ScannerNotConfigured(SuiteError):
    """This node has no malware scanner, and takes no attachment without one."""

    code, status, title = "scanner-not-configured", 501, "Node has no malware scanner"
    remedy = "The node's operator sets SAFE_PASSAGE_SCANNER_ADDRESS to the address of a ClamAV daemon (docs/attachments.md)."


class ScannerUnavailable(SuiteError):
    """The malware scanner does not answer, or could not examine the whole file. Nothing was taken."""

    code, status, title = "scanner-unavailable", 503, "Malware scanner does not answer"
    remedy = "Try again. If it persists, the node's operator looks at the ClamAV daemon and at its limits (docs/attachments.md)."
    retry = "after"
