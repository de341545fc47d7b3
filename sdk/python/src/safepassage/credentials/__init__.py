"""Verifiable credentials of Open Badges 3.0 and Comprehensive Learner Record 2.0 (W3C Verifiable Credentials 2.0): made and verified.

Whoever holds a credential can show it to anybody: it says what its issuer said, and its status list says whether that still holds.
Needs the extra `safepassage[credentials]`.
"""
