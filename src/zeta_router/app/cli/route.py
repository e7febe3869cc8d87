"""`zeta route`: where would this query go, and why."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import click
import msgspec

from zeta_router.app.cli.address import gateway_url
from zeta_router.app.cli.completing import models
from zeta_router.app.cli.saying import readable
from zeta_router.app.cli.sources import CONFIG_FILE, load
from zeta_router.app.reaching import NO_GATEWAY, WANTS_KEY, key_headers, why
from zeta_router.app.training.choosing import classifier_of
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Query
from zeta_router.learn.task.ask import Ask, estimate_tokens, extract
from zeta_router.router.commands import DecisionRecord
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.telemetry.explain.explanation import explain
from zeta_router.telemetry.explain.text import explain_text


@click.command("route", epilog="Example: zeta route 'Prove that 2 is prime' --config zeta.yaml")
@click.argument("text")
@click.option(
    "--config",
    "-c",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Decide from this file alone, with every endpoint up and idle.",
)
@click.option(
    "--url", help="Gateway. [default: ZETA_URL, else `listen` of zeta.yaml here, else port 8080]"
)
@click.option("--model", default="auto", shell_complete=models, help="Model to ask for.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def command(text: str, config: Path | None, url: str | None, model: str, as_json: bool) -> None:
    """Say where TEXT would go, and why, without sending it.

    Asks a running gateway, which knows its fleet's load. With --config, or when none runs and
    zeta.yaml is here, the decision is that of an idle fleet.
    """
    text = readable(text)
    explanation = None
    if config is None:
        has_file = Path(CONFIG_FILE).exists()
        explanation = asyncio.run(_ask_gateway(text, model, url, has_file=has_file))
    if explanation is None:
        explanation = _decide_here(text, model, config or Path(CONFIG_FILE))
    if as_json:
        click.echo(msgspec.json.encode(explanation).decode())
    else:
        click.echo(explain_text(explanation))


async def _ask_gateway(
    text: str, model: str, url: str | None, *, has_file: bool
) -> dict[str, Any] | None:
    """A running gateway's explanation; None when none answers and none was named."""
    base = gateway_url(url)
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    timeout = aiohttp.ClientTimeout(total=10, connect=1)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(f"{base}/v1/route", json=body, headers=key_headers()) as response,
        ):
            answer = await _object(response)
            if response.status == 200 and "decisions" in answer:
                return answer
            if response.status in (401, 403):
                raise ConfigError("", f"{base} answered {response.status}", WANTS_KEY)
            if response.status == 200 or "error" not in answer:
                if url is None and has_file:
                    return None
                raise ConfigError("", f"{base} {NO_GATEWAY}", "name a gateway with --url")
            raise ConfigError("", f"{base} answered {response.status}: {_said(answer)}")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        if url is None and has_file:
            return None
        raise ConfigError(
            "", f"no gateway answers on {base}: {why(error)}", "start one, or give --config FILE"
        ) from error


async def _object(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The JSON object of an answer; empty where it is something else."""
    try:
        answer = msgspec.json.decode(await response.read())
    except msgspec.DecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _said(answer: dict[str, Any]) -> object:
    """The sentence in an error of OpenAI's shape, else the whole."""
    error = answer["error"]
    return error["message"] if isinstance(error, dict) and "message" in error else error


def _decide_here(text: str, model: str, path: Path) -> dict[str, Any]:
    config = load(path)
    fleet = config.fleet
    router = ZetaDynamicRouter(fleet, classifier_of(config.classifier))
    query = Query(
        "dry-run",
        time.monotonic(),
        model_requested=model,
        features=extract(Ask(text)),
        prompt_tokens=estimate_tokens(text),
    )
    return explain([DecisionRecord(query, router.dry_run(query))], fleet=fleet)
