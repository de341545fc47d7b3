"""Every operation of a node by its operation id: a function that gives the call. `Client` has a method of each name.

Each stands in the file of its noun; here they are together. Every write takes an `idempotency_key`; without one it makes its own. To
repeat a write after a crash, give the key of the first time.
"""

from safepassage.client.access_evaluation_calls import *
from safepassage.client.accounting_calls import *
from safepassage.client.agreement_calls import *
from safepassage.client.alert_calls import *
from safepassage.client.attachment_calls import *
from safepassage.client.client_calls import *
from safepassage.client.consent_calls import *
from safepassage.client.credential_calls import *
from safepassage.client.dead_letter_calls import *
from safepassage.client.debarment_calls import *
from safepassage.client.destination_calls import *
from safepassage.client.edfi_calls import *
from safepassage.client.evidence_calls import *
from safepassage.client.exchange_calls import *
from safepassage.client.family_calls import *
from safepassage.client.finding_calls import *
from safepassage.client.format_calls import *
from safepassage.client.log_calls import *
from safepassage.client.log_entry_calls import *
from safepassage.client.log_export_calls import *
from safepassage.client.match_calls import *
from safepassage.client.obligation_calls import *
from safepassage.client.oneroster_calls import *
from safepassage.client.organisation_calls import *
from safepassage.client.policy_calls import *
from safepassage.client.readiness_calls import *
from safepassage.client.reconciliation_calls import *
from safepassage.client.registration_calls import *
from safepassage.client.retention_calls import *
from safepassage.client.rights_calls import *
from safepassage.client.safeguard_calls import *
from safepassage.client.secret_calls import *
from safepassage.client.statistics_calls import *
from safepassage.client.student_calls import *
from safepassage.client.suspension_calls import *
from safepassage.client.token_calls import *
from safepassage.client.transfer_calls import *
