"""Posts a new lead to the demo every half minute or so, as any website would: by the API, with an intake key."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from random import Random

from portal.demo.cast import customer

KEY_FILE = "demo_intake_key"
SHORTEST, LONGEST = 20.0, 40.0


def post(address: str, key: str, lead: dict[str, object]) -> int:
    """One lead, with a key of its own so that trying again doubles nothing. Returns the status."""
    request = urllib.request.Request(  # noqa: S310 (our own address, given by the demo)
        f"{address}/api/v1/leads",
        data=json.dumps(lead).encode(),
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return int(answer.status)


def main(address: str, key_file: str) -> None:
    """Go on until stopped. A portal that does not answer is asked again at the next turn."""
    random = Random()  # noqa: S311 (made-up customers, no secrets)
    while True:
        time.sleep(random.uniform(SHORTEST, LONGEST))
        lead = customer(random)
        try:
            post(address, Path(key_file).read_text(encoding="ascii").strip(), lead)
        except (urllib.error.URLError, TimeoutError) as error:
            print(f"The lead of {lead['name']} was not taken: {error}", flush=True)
        else:
            print(f"{lead['name']} asked about {str(lead['lead_type']).lower()}", flush=True)
