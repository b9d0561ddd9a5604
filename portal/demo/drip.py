"""Posts a new lead to the demo every half minute or so, as any website would: by the API, with an intake key."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from http import HTTPStatus
from pathlib import Path
from random import Random

from portal.demo.customers import TO_COME, Customers

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
    """Go on until stopped, or until the demo is wiped and the key opens nothing any more."""
    random = Random()  # noqa: S311 (made-up customers, no secrets)
    customers = Customers(random, TO_COME)
    goes_on = True
    while goes_on:
        time.sleep(random.uniform(SHORTEST, LONGEST))
        goes_on = send(address, Path(key_file), customers.one())
    # Whoever keeps programs running would start one that ends again: this one just has nothing more to say.
    threading.Event().wait()


def send(address: str, key_file: Path, lead: dict[str, object]) -> bool:
    """Try to send one lead. A portal that does not answer is asked again at the next turn.

    Returns:
        Whether there is any use in going on: not without a key, nor with one that is refused.
    """
    who = lead.get("name", "Somebody")
    try:
        key = key_file.read_text(encoding="ascii").strip()
        post(address, key, lead)
    except FileNotFoundError:
        return False
    except urllib.error.HTTPError as refusal:
        if refusal.code == HTTPStatus.UNAUTHORIZED:
            return False
        print(f"The lead of {who} was not taken: {refusal}", flush=True)
    except (urllib.error.URLError, OSError) as error:
        print(f"The lead of {who} was not taken: {error}", flush=True)
    else:
        print(f"{who} asked about {str(lead['lead_type']).lower()}", flush=True)
    return True
