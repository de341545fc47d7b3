"""What an Ed-Fi system refused, told apart by a code of ours."""

from safepassage.problems.ed_fi import EdFiSystemRefused
from safepassage.wire_ed_fi import EdFiFault


class RefusedFor(EdFiSystemRefused):
    """With the fault that is kept of it (noting). An EdFiSystemRefused without one is `not-its-api`: no such API answers so."""

    def __init__(self, detail: str, *, fault: EdFiFault) -> None:
        super().__init__(detail)
        self.fault = fault
