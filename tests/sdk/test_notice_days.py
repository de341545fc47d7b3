"""A notice is about a day near to when it is said: one of any other time is refused, not reckoned with."""

from datetime import date

import pytest

from safepassage.notice import Notice, NoticeContent, read_notice
from safepassage.problems.signatures import MalformedToken
from safepassage.sealing import pt_commit
from safepassage.wire_exchange import Official
from tests.sdk.exchange import ALDER, BIRCH, ENVELOPE_ID, EXCHANGE_ID, NOW, SECONDS


@pytest.mark.parametrize(("day", "taken"), [("0001-01-01", False), ("2025-03-01", True), ("2028-03-04", True), ("9999-12-31", False)])
def test_a_day_of_another_time_is_no_day_of_a_notice(day: str, taken: bool) -> None:
    ids = {"iss": BIRCH, "aud": ALDER, "exchange_id": EXCHANGE_ID, "notice_id": ENVELOPE_ID}
    official = Official(role="registrar", pairwise_id="official-1", attested_at=NOW)
    said = {"kind": "enrolled", "effective_on": date.fromisoformat(day), "official": official}
    content = NoticeContent.model_validate({**ids, "pt_salt": "A" * 43, **said})
    sealed = {"suite": "any", "enc_kid": "A" * 43, "ciphertext": "AA", "ct_digest": "A" * 43}
    commitment = pt_commit(salt=bytes(32), plaintext=content.plaintext())
    notice = Notice.model_validate({**ids, **sealed, "pt_commit": commitment, "iat": SECONDS, "exp": SECONDS + 60})
    if taken:
        assert read_notice(content.plaintext(), notice=notice) == content
    else:
        with pytest.raises(MalformedToken) as refused:
            read_notice(content.plaintext(), notice=notice)
        assert refused.value.field == "effective_on"
