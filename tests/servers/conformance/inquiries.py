"""The tools, and the prompt, that ask the client back: elicitation, sampling and roots, in one round or in several."""

from __future__ import annotations

import json

from mcp.types import ContentBlock, InputRequest, ListRootsRequest, PromptMessage, TextContent

from tests.servers.conformance.dialogue import Json, form, sample
from tests.servers.conformance.offers import PromptOffer, ToolOffer, Visit, text

NAME: Json = {"name": {"type": "string"}}
OK: Json = {"ok": {"type": "boolean"}}
DEFAULTS: Json = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}


def titled(**titles: str) -> list[Json]:
    return [{"const": value, "title": title} for value, title in titles.items()]


ENUMS: Json = {
    "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
    "titledSingle": {"type": "string", "oneOf": titled(value1="First", value2="Second", value3="Third")},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
    "titledMulti": {"type": "array", "items": {"anyOf": titled(value1="First", value2="Second", value3="Third")}},
}


def told(answer: Json) -> str:
    """What a form came to, in words."""
    return f"action={answer['action']}, content={json.dumps(answer.get('content', {}))}"


def filled(answer: Json, field: str) -> str:
    """A field of a form's answer; whoever declined has none."""
    return str((answer.get("content") or {}).get(field, "somebody"))


async def sampling(visit: Visit) -> list[ContentBlock]:
    answers = await visit.dialogue.ask(sampled=sample(str(visit.arguments["prompt"])))
    return text(f"The model says: {answers['sampled']['content']['text']}")


async def elicitation(visit: Visit) -> list[ContentBlock]:
    properties: Json = {"username": {"type": "string"}, "email": {"type": "string"}}
    asked = form(str(visit.arguments["message"]), properties, required=("username", "email"))
    return text(f"The user says: {told((await visit.dialogue.ask(user=asked))['user'])}")


async def defaults(visit: Visit) -> list[ContentBlock]:
    return text(f"Completed: {told((await visit.dialogue.ask(person=form('Who is it?', DEFAULTS)))['person'])}")


async def enums(visit: Visit) -> list[ContentBlock]:
    return text(f"Completed: {told((await visit.dialogue.ask(choice=form('Choose.', ENUMS)))['choice'])}")


async def while_streaming(visit: Visit) -> list[ContentBlock]:
    await visit.context.session.report_progress(1, 2, "about to ask")
    answers = await visit.dialogue.ask(user_name=form("What is your name?", NAME, required=("name",)))
    return text(f"Good day, {filled(answers['user_name'], 'name')}.")


async def basic_elicitation(visit: Visit) -> list[ContentBlock]:
    answers = await visit.dialogue.ask(user_name=form("What is your name?", NAME, required=("name",)))
    return text(f"Hello, {filled(answers['user_name'], 'name')}!")


async def basic_sampling(visit: Visit) -> list[ContentBlock]:
    answers = await visit.dialogue.ask(capital_question=sample("What is the capital of France?"))
    return text(f"The model says: {answers['capital_question']['content']['text']}")


async def basic_roots(visit: Visit) -> list[ContentBlock]:
    answers = await visit.dialogue.ask(client_roots=ListRootsRequest())
    return text("Roots: " + ", ".join(root["uri"] for root in answers["client_roots"]["roots"]))


async def with_state(visit: Visit) -> list[ContentBlock]:
    await visit.dialogue.ask(keep=True, confirm=form("Please confirm", OK, required=("ok",)))
    return text("state-ok")


async def several(visit: Visit) -> list[ContentBlock]:
    answers = await visit.dialogue.ask(
        keep=True,
        user_name=form("What is your name?", NAME, required=("name",)),
        greeting=sample("Generate a greeting", max_tokens=50),
        client_roots=ListRootsRequest(),
    )
    return text(f"{answers['greeting']['content']['text']}, {filled(answers['user_name'], 'name')}.")


async def rounds(visit: Visit) -> list[ContentBlock]:
    first = await visit.dialogue.ask(keep=True, step1=form("What is your name?", NAME, required=("name",)))
    color: Json = {"color": {"type": "string"}}
    second = await visit.dialogue.ask(keep=True, step2=form("Which color do you like?", color, required=("color",)))
    return text(f"{filled(first['step1'], 'name')} likes {filled(second['step2'], 'color')}.")


async def what_it_can(visit: Visit) -> list[ContentBlock]:
    """Asks only for what the client has declared."""
    questions: dict[str, InputRequest] = {
        "elicitation": form("What is your name?", NAME),
        "sampling": sample("Say hello", max_tokens=50),
        "roots": ListRootsRequest(),
    }
    possible = {name: question for name, question in questions.items() if visit.dialogue.can(name)}
    answers = await visit.dialogue.ask(keep=True, **possible)
    return text("Answered: " + ", ".join(answers))


async def prompt_with_context(visit: Visit) -> list[PromptMessage]:
    asked = form("What is this about?", {"context": {"type": "string"}}, required=("context",))
    answers = await visit.dialogue.ask(user_context=asked)
    said = TextContent(text=f"Bear in mind: {filled(answers['user_context'], 'context')}")
    return [PromptMessage(role="user", content=said)]


def needing(argument: str) -> Json:
    return {"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}


ROUNDS = "test_input_required_result"
INQUIRIES: dict[str, ToolOffer] = {
    "test_sampling": ToolOffer(about="Asks the client's model", run=sampling, schema=needing("prompt")),
    "test_elicitation": ToolOffer(about="Asks the user", run=elicitation, schema=needing("message")),
    "test_elicitation_sep1034_defaults": ToolOffer(about="A form with defaults", run=defaults),
    "test_elicitation_sep1330_enums": ToolOffer(about="A form with choices", run=enums),
    "test_streaming_elicitation": ToolOffer(about="Tells its progress, then asks", run=while_streaming),
    f"{ROUNDS}_elicitation": ToolOffer(about="Asks the user's name", run=basic_elicitation),
    f"{ROUNDS}_sampling": ToolOffer(about="Asks the client's model", run=basic_sampling),
    f"{ROUNDS}_list_roots": ToolOffer(about="Asks for the client's roots", run=basic_roots),
    f"{ROUNDS}_request_state": ToolOffer(about="Asks, and keeps a state", run=with_state),
    f"{ROUNDS}_tampered_state": ToolOffer(about="Asks, and minds its state", run=with_state),
    f"{ROUNDS}_multiple_inputs": ToolOffer(about="Asks three things at once", run=several),
    f"{ROUNDS}_multi_round": ToolOffer(about="Asks one thing after another", run=rounds),
    f"{ROUNDS}_capabilities": ToolOffer(about="Asks what the client can answer", run=what_it_can),
}
ASKING_PROMPT = (f"{ROUNDS}_prompt", PromptOffer(about="Asks before it answers", get=prompt_with_context))
