"""Completion codes: one for all, or one for each that stays the same."""

import hashlib
import hmac

from audit_app.completion import completion_code, prolific_address


def test_a_fixed_code_is_everybodys():
    assert completion_code("secret", "anna", "C1A2B3") == "C1A2B3"


def test_a_raters_own_code_is_the_digits_of_a_keyed_hash():
    # the base-23 digits of the HMAC, least significant first
    number = int(hmac.new(b"secret", b"completion code\x1fanna", hashlib.sha256).hexdigest(), 16)
    digits = ["ACDEFHJKMNPQRTVWXY34679"[number // 23**place % 23] for place in range(8)]
    assert completion_code("secret", "anna", None) == "".join(digits)


def test_codes_differ_between_raters_and_studies_and_stay_the_same():
    codes = [completion_code("secret", f"rater {n}", None) for n in range(500)]
    assert len(set(codes)) == 500
    assert codes == [completion_code("secret", f"rater {n}", None) for n in range(500)]
    assert codes[0] != completion_code("another secret", "rater 0", None)


def test_no_character_of_a_code_looks_like_another():
    used = set("".join(completion_code("secret", str(n), None) for n in range(300)))
    assert len(used) == 23
    for alike in ("0OQ", "1IL", "2Z", "5S", "8B", "UV", "6G"):
        assert len(used & set(alike)) <= 1, alike


def test_prolifics_address_carries_the_code_and_nothing_more():
    assert (
        prolific_address("A&b=c/d")
        == "https://app.prolific.com/submissions/complete?cc=A%26b%3Dc%2Fd"
    )
