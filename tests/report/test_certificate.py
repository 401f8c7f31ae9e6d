"""Certificates on the page and on the command line."""

import dataclasses

import msgspec
import numpy as np
import pytest
from tests.report.examples import model

from energeia.cli import certifying, commands
from energeia.records import Certificate, CertificateLine
from energeia.report.content import Page
from energeia.report.page import render, report_json
from energeia.report.summaries import summary_sentences
from energeia.support import Real, Support

PASSED = CertificateLine(name="round trip", status="passed", measured=1e-12, limit=1e-10)
FAILED = CertificateLine(
    name="normalization by quadrature", status="failed", measured=0.02, limit=1e-3, note="1.02"
)
NAN = CertificateLine(name="log-determinant", status="failed", limit=1e-9, note="it is nan")
ABSENT = CertificateLine(name="splines", status="not applicable", note="the model has no spline")


def page_with(*lines):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 2))
    part = dataclasses.replace(
        model(rng, "made", rows, -2.0), certificate=Certificate(kind="exact", lines=lines)
    )
    return Page(
        models=[part], support=Support.of([Real()] * 2), layout=(2,), held_out=rows,
        data={"spec": "rows"},
    )  # fmt: skip


def test_a_failed_certificate_is_the_first_sentence_of_the_page():
    page = page_with(PASSED, FAILED, NAN)
    first = summary_sentences(page)[0]
    assert first == (
        "The certificate of made failed: normalization by quadrature (0.02, limit 0.001) and "
        "log-determinant (no finite number, limit 1e-09)."
    )
    assert first in render(page)


def test_a_certificate_is_a_table_of_the_page():
    page = page_with(PASSED, ABSENT)
    text = render(page)
    assert "certificate" not in summary_sentences(page)[0]
    assert '<section id="certificates">' in text
    assert "the model has no spline" in text
    kept = msgspec.json.decode(report_json(page))["models"][0]["certificate"]
    assert [line["status"] for line in kept["lines"]] == ["passed", "not applicable"]
    without = dataclasses.replace(
        page, models=[dataclasses.replace(page.models[0], certificate=None)]
    )
    assert "certificates" not in render(without)


@pytest.mark.parametrize(("line", "code"), [(PASSED, 0), (FAILED, 1)])
@pytest.mark.parametrize("json", [True, False])
def test_the_exit_status_says_whether_a_line_failed(line, code, json, monkeypatch, capsys):
    found = Certificate(kind="exact", lines=(line, ABSENT))

    class Given:
        common = type("Common", (), {"json": json})

    answer = found, lambda: certifying.print_certificate(found)
    monkeypatch.setattr(certifying, "certify", lambda given: answer)
    assert commands.run("certify", Given) == code
    out = capsys.readouterr().out
    if json:
        assert msgspec.json.decode(out, type=Certificate) == found
    else:
        assert line.status in out
        assert "the model has no spline" in out
