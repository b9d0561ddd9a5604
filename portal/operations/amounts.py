"""Money and days as people and programs write them: one reading for pages, API and imports."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

# As the column holds it: twelve digits before the point, two behind it.
GREATEST = Decimal("999999999999.99")
FIRST_YEAR, LAST_YEAR = 1970, 2199

_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# ISO 4217, currencies in circulation. Funds, metals and test codes are nothing a customer pays in.
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(re.findall("[A-Z]{3}", _CODES))


def read_amount(written: str) -> Decimal:
    """An amount of money from digits with a point: "1200", "1200.5", "1200.50".

    Raises:
        ValueError: with what to do; commas are refused because half the world reads them the other way.
    """
    written = written.strip()
    if written.startswith("-"):
        raise ValueError("An amount cannot be below zero.")
    if not _AMOUNT.fullmatch(written):
        raise ValueError("Write it in digits with a point and without thousands marks, such as 1200.50.")
    if len(written) > len(str(GREATEST)) + 20 or Decimal(written) > GREATEST:
        raise ValueError(f"Use at most {GREATEST:,}.")
    return Decimal(written).quantize(Decimal("0.01"))


def read_currency(written: str) -> str:
    """A currency by its three letters. Raises ValueError with what to do."""
    code = written.strip().upper()
    if code not in CURRENCIES:
        raise ValueError("There is no such currency. Use three letters such as EUR, USD or GBP.")
    return code


def read_day(written: str) -> date:
    """A day such as 2026-05-31. Raises ValueError with what to do."""
    written = written.strip()
    hint = f"Write a day that exists, such as 2026-05-31, from {FIRST_YEAR} to {LAST_YEAR}."
    if not _DAY.fullmatch(written):
        raise ValueError(hint)
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise ValueError(hint) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(hint)
    return day
