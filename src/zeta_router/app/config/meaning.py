"""Whether the parts of a file fit together: names that refer to each other, embedding spaces.

These checks see a file of which some parts may be unusable. So none of them complains about a
thing only because another mistake hides it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from zeta_router.app.config.nearest import instead
from zeta_router.app.config.report import Report
from zeta_router.app.config.sections.endpoints import EndpointSpec
from zeta_router.app.config.sections.models import ModelSpec
from zeta_router.app.config.spec import FileSpec
from zeta_router.app.config.texts import split_listen
from zeta_router.core.query import GENERATIVE_TASKS, Task

_HERE = {"localhost", "127.0.0.1", "::1"}
_ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - recognised here, not listened on


def check_meaning(file: FileSpec, policies: Collection[str] | None, report: Report) -> None:
    """Report every reference that leads nowhere and every setting that contradicts another.

    Args:
        file: The file as far as it is usable.
        policies: Names of the policies there are; None leaves the name unchecked.
        report: Where problems and warnings go.
    """
    _check_endpoints(file, report)
    _check_keys(file, report)
    _check_routes(file, report)
    _check_embedding(file, report)
    if policies is not None and not report.broken(("policy",)) and file.policy not in policies:
        names = sorted(policies)
        report.error(
            ("policy",), f"{file.policy!r} is no policy", instead(file.policy, names, "policies")
        )
    if not report.failed:
        _warn_of_idle_models(file, report)
        _warn_of_missing_tasks(file, report)


def _check_endpoints(file: FileSpec, report: Report) -> None:
    first: dict[str, int] = {}
    served: dict[tuple[str, str], int] = {}
    for index, endpoint in _usable(file):
        path = ("endpoints", index)
        if endpoint.id in first:
            earlier = report.place_of(("endpoints", first[endpoint.id], "id"))
            where = f" in line {earlier.line}" if earlier else ""
            problem = f"{endpoint.id!r} is the id of endpoints[{first[endpoint.id]}] already"
            report.error((*path, "id"), problem + where, "ids are unique; choose another")
        first.setdefault(endpoint.id, index)
        if not _known(endpoint.model, file, report):
            problem = f"{endpoint.model!r} is not one of models"
            report.error((*path, "model"), problem, instead(endpoint.model, file.models, "models"))
        if _is_self(endpoint.url, file.listen):
            problem = f"{endpoint.url!r} is the address that this gateway listens on"
            report.error((*path, "url"), problem, "give the engine's address")
        same = (endpoint.url.rstrip("/"), endpoint.upstream_model or endpoint.model)
        if same in served:
            problem = f"is the same server and model as endpoints[{served[same]}]"
            report.warn((*path, "url"), problem, "its slots are counted twice")
        served.setdefault(same, index)


def _check_keys(file: FileSpec, report: Report) -> None:
    """Two keys of one name could not be told apart, and one key cannot have two names."""
    for field, hint in (
        ("name", "names are unique; choose another"),
        ("hash", "give each its own key: zeta key NAME"),
    ):
        first: dict[str, int] = {}
        for index, key in enumerate(file.keys):
            value = getattr(key, field)
            earlier = first.setdefault(value, index)
            if earlier != index:
                shown = f"{value!r} " if field == "name" else ""
                problem = f"{shown}is the {field} of keys[{earlier}] already"
                report.error(("keys", index, field), problem, hint)


def _check_routes(file: FileSpec, report: Report) -> None:
    for task, name in file.routes.items():
        path = ("routes", task.value)
        if not _known(name, file, report):
            problem = f"{name!r} is not one of models"
            report.error(path, problem, instead(name, file.models, "models"))
            continue
        model = file.models.get(name)
        if model is None or task in model.tasks:
            continue
        able = [other for other, spec in file.models.items() if task in spec.tasks]
        hint = f"add it to the tasks of {name}"
        if able:
            hint += f", or name a model that has it: {', '.join(able)}"
        report.error(path, f"{name!r} is not declared for the task {task.value}", hint)


def _check_embedding(file: FileSpec, report: Report) -> None:
    if report.broken(("models",)) or report.broken(("routes",)):
        return
    embedders = {name: m for name, m in file.models.items() if Task.EMBEDDING in m.tasks}
    for name, model in file.models.items():
        _warn_of_space(name, model, report)
    spaces = {model.embedding_space or name for name, model in embedders.items()}
    if len(spaces) > 1 and Task.EMBEDDING not in file.routes:
        first = next(iter(embedders))
        report.error(
            ("routes", "embedding"),
            f"is missing, and the models {', '.join(embedders)} make embeddings of different "
            "spaces, so that a request without a model's name could get either",
            f"name the usual one, e.g. embedding: {first}; or give equal models the same "
            "embedding_space",
        )


def _warn_of_space(name: str, model: ModelSpec, report: Report) -> None:
    embeds = Task.EMBEDDING in model.tasks
    if embeds and model.embedding_space is None:
        report.warn(
            ("models", name),
            "makes embeddings but names no embedding_space",
            "no other model can stand in for it; add embedding_space: NAME",
        )
    if not embeds and model.embedding_space is not None:
        report.warn(
            ("models", name, "embedding_space"),
            "is set, but the model is not declared for the task embedding",
            "add embedding to its tasks, or remove this",
        )


def _warn_of_idle_models(file: FileSpec, report: Report) -> None:
    served = {endpoint.model for _, endpoint in _usable(file)}
    for name in file.models:
        if name not in served:
            report.warn(("models", name), "has no endpoint", "nothing can be routed to it; add one")


def _warn_of_missing_tasks(file: FileSpec, report: Report) -> None:
    """A chat fleet gets every kind of query, whatever it was declared for."""
    declared = {task for model in file.models.values() for task in model.tasks}
    missing = [task for task in GENERATIVE_TASKS if task not in declared]
    if 0 < len(missing) < len(GENERATIVE_TASKS):
        for task in missing:
            report.warn(
                ("models",),
                f"no model is declared for the task {task.value}",
                "such queries are refused; add it to the tasks of a model that can do it at all",
            )


def _known(name: str, file: FileSpec, report: Report) -> bool:
    return name in file.models or report.broken(("models", name))


def _usable(file: FileSpec) -> Iterator[tuple[int, EndpointSpec]]:
    for index, endpoint in enumerate(file.endpoints):
        if isinstance(endpoint, EndpointSpec):
            yield index, endpoint


def _is_self(url: str, listen: str) -> bool:
    """Whether a URL surely leads back to the gateway itself."""
    own = split_listen(listen)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if own is None or port != own[1] or parts.hostname is None:
        return False
    host = own[0].lower()
    local = _HERE | {host}
    return parts.hostname in local and (
        host in _HERE or host in _ANYWHERE or host == parts.hostname
    )
