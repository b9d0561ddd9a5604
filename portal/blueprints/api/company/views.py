"""The company and its settings."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user, company_id
from portal.blueprints.api.answers import answers, json_answer
from portal.blueprints.api.company.forms import CompanyForm
from portal.blueprints.api.company.shapes import CompanyShape, company_shape
from portal.blueprints.api.takes import takes
from portal.extensions import db
from portal.models import Company
from portal.operations.company import change_company

blueprint: Blueprint = APIBlueprint("company", __name__, url_prefix="/company", tag="Company")


@blueprint.get("")
@answers((200, CompanyShape))
def show_company() -> Response:
    """Show the company and its settings"""
    return json_answer(company_shape(db.session.get_one(Company, company_id())))


@blueprint.patch("")
@takes(CompanyForm)
@answers((200, CompanyShape))
def change_settings(asked: dict[str, Any]) -> Response:
    """Change some settings"""
    return json_answer(company_shape(change_company(by=acting_user(), **asked)))
