"""Proposals for files, taken at their word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from console.imports.checking import Checked, Checker
from console.imports.files import open_source
from console.imports.mapping import Matching, match
from console.proposals.proposal import Proposal, propose_model
from console.proposals.survey import Surveyed, survey
from handlers.model.model import Model


def surveyed(path: Path) -> Surveyed:
    with open_source(path) as source:
        return survey(source, lambda _: None)


def proposal_for(path: Path) -> Proposal:
    with open_source(path) as source:
        return propose_model(source, path, path.stem)


def model_of(proposal: Proposal) -> Model:
    """The model that a proposed rows.py makes."""
    found: dict[str, Any] = {}
    exec(proposal.text, found)
    return found["MODEL"]


def imported(path: Path, proposal: Proposal) -> list[Checked]:
    """All rows of a file, checked as `import` does with the proposal in place and the options that it names."""
    model = model_of(proposal)
    matching = Matching(tuple(proposal.maps.items()), proposal.left_out)
    with open_source(path) as source:
        return list(Checker(source, match(source, model, matching), model).rows())
