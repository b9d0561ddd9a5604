"""Requests made up from the document, good and bad: none may break the server or its promises. Seeded and bounded."""

from __future__ import annotations

import schemathesis
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool

EXAMPLES = 6


MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


def test_nothing_made_up_breaks_the_server_or_a_promise(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent, company.colleague])
    headers = {"Authorization": f"Bearer {company.owner.key()}"}
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    tried = 0
    for found in described.get_all_operations():
        operation = found.ok()
        for mode in MODES:
            # Told apart by name in what hypothesis prints when something breaks.
            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                deadline=None,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def ask(case: schemathesis.Case) -> None:
                case.call_and_validate(
                    headers=headers,
                    checks=[not_a_server_error, content_type_conformance, response_schema_conformance],
                )

            ask()
            tried += 1
    assert tried > 80
    assert_consistent(company)
