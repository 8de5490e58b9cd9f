from __future__ import annotations

import pytest

from console.migration.forms.json_text import check_json, normal_json


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{'a': 1}", "is no JSON: Expecting property name .* at character 1"),
        ("[NaN]", "is no JSON: it has NaN"),
        ("-Infinity", "is no JSON: it has -Infinity"),
        ('{"a": 1, "b": 2, "b": 3}', "the key 'b' twice"),
        (r'["\u0000"]', "an escaped NUL"),
        (r'{"\ud800": 1}', "half a surrogate pair"),
        ("1e999999", "more digits than numeric keeps"),
        ("[" * 100_000, "nested too deep"),
    ],
    ids=["quotes", "nan", "infinity", "twice", "nul", "surrogate", "digits", "deep"],
)
def test_what_jsonb_would_lose_or_refuse_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_json(text)


def test_the_normal_form_has_keys_in_order_and_numbers_by_value() -> None:
    assert normal_json(' {"b": [1.50, true, null], "a": "\u00fc"} ') == rb'{"a":"\u00fc","b":[15e-1,true,null]}'
    check_json(r'["\ud83d\ude00"]')
