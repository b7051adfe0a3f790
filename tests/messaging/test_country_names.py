from __future__ import annotations

import subprocess
import sys

from messaging.country_names import countries


def test_every_country_has_a_name_and_its_code() -> None:
    listed = dict(countries())
    assert listed["DE"] == "Germany (DE, +49)"
    assert listed["XK"] == "Kosovo (XK, +383)"
    assert not [code for code, words in listed.items() if code and words.startswith((code, "*"))]


def test_the_areas_of_all_numbers_are_not_loaded_for_it() -> None:
    code = "import sys, messaging.country_names as n; n.countries(); print('phonenumbers.geodata' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
