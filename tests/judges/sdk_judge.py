"""The official Python SDK against the sandbox: every function of it is called, and every iterator is walked to its end.

    python sdk_judge.py target/debug/ofauth

The functions are found by looking, and called with what their signatures and models say: once with required arguments
alone, once with all. What the SDK cannot do with any service, and what the API does not have any more, stands in the
tables below with the reason.
"""

import importlib
import inspect
import itertools
import json
import pkgutil
import re
import sys
import warnings

import onlyfans_sdk
import pydantic
from onlyfans_sdk import OFAuthClient, OFAuthError, models

from sandbox import CONNECTION, ID, KEY, Sandbox
from schema_values import DATE, value

# Modules without calls.
OTHER = {"models", "webhooks", "_client"}

# How many functions the SDK has for calls and for walking lists: with fewer, they were not found.
CALLS, ITERATORS = 127, 21

# Functions whose routes were replaced by others: only a lenient sandbox still has them.
REPLACED = {
    *("create_v2_vault_plus_batch", "list_v2_vault_plus_lists", "get_v2_vault_plus", "delete_v2_vault_plus"),
    *("delete_v2_vault_plus_purge", "create_v2_vault_plus_store_list"),
    *("list_v2_vault_plus_store_stats", "list_v2_vault_plus_store_status"),
}

# Functions that no service can answer well, with the reason.
IMPOSSIBLE = {
    "replace_uploads": "it has no argument for the bytes of the file",
    "replace_uploads_uploads_parts": "it has no argument for the bytes of the part",
    "create_v2_vault_cache_list": "its route is gone, and nothing replaced it",
}

# Iterators that ask for the first page again and again.
ENDLESS = {
    "iter_transactions": "it reads `marker` from the answer, where `nextMarker` is",
    "iter_chargebacks": "it reads `marker` from the answer, where `nextMarker` is",
    "iter_mass_messages_buyers": "it counts items, where the API wants `marker`",
}

# Arguments that are left out, because the SDK cannot write them: of an object in the query it sends what Python prints.
UNSENDABLE = {("list_subscribers", "filter"), ("list_subscriptions", "filter")}

# Models for bodies whose annotation names another one.
MODELS = {"create_users_users_lists_2": "V2AccessUsersUserIdListsPostRequest"}

# How many items every list of the sandbox has when iterators walk it, and how many of them are asked for at once.
ITEMS, PAGE = 30, 5
# Lists that have others: a message in three shows media.
FEWER = {"iter_chats_chats_media": ITEMS // 3}
SEEDED = (
    *("fans", "subscriptions", "blocked-users", "restricted-users", "user-lists", "user-list-users", "chats", "messages"),
    *("buyers", "vault-media", "vault-lists", "vault-list-media", "transactions", "chargebacks", "notifications"),
    *("release-forms", "tagged-friends", "tracking-links", "connections"),
)

# What neither signatures nor models say.
NAMES = {
    "limit": PAGE,
    "offset": 0,
    "start_date": DATE,
    "end_date": DATE,
    "scheduledDate": DATE,
    "subscribedAfterDate": DATE,
    "filename": "clip.mp4",
    "contentType": "video/mp4",
    "cursor": "cur_9ix",
}


def functions():
    """All functions of the SDK that take a client, as module and function."""
    for module in pkgutil.iter_modules(onlyfans_sdk.__path__):
        if module.name not in OTHER:
            found = importlib.import_module(f"onlyfans_sdk.{module.name}")
            for _, function in inspect.getmembers(found, inspect.isfunction):
                if function.__module__ == found.__name__:
                    yield function


def body(function, annotation, full):
    """A body; where the signature says only that it is a dictionary, the model that is called like the route has it."""
    if function.__name__ in MODELS:
        annotation = getattr(models, MODELS[function.__name__])
    elif not hasattr(annotation, "model_json_schema"):
        source = inspect.getsource(function)
        path, method = re.search(r'path = f"(.*)"', source)[1], re.search(r'"(POST|PUT|PATCH|DELETE)"', source)[1]
        words = re.findall(r"[A-Za-z0-9]+", path)
        name = "".join(word[0].upper() + word[1:] for word in words) + method.capitalize() + "Request"
        annotation = getattr(models, name)
    return value(annotation.model_json_schema(), NAMES, full)


def argument(function, parameter, full):
    """A value for a parameter, by its name or else by its annotation."""
    if parameter.name == "body":
        return body(function, parameter.annotation, full)
    schema = pydantic.TypeAdapter(parameter.annotation).json_schema()
    return value(schema, NAMES, True, parameter.name)


def arguments(function, full):
    wanted = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in ("client", "page_size", "max_items")
        and (full or parameter.default is inspect.Parameter.empty)
        and (function.__name__, parameter.name) not in UNSENDABLE
    ]
    return {parameter.name: argument(function, parameter, full) for parameter in wanted}


def attempt(function, sandbox, full):
    """Calls a function in a new world, for others delete what it reads; says what went wrong, or nothing."""
    sandbox.reset()
    with OFAuthClient(KEY, sandbox.url, CONNECTION) as client:
        try:
            given = arguments(function, full)
            if function.__name__ == "complete_uploads":
                given["body"]["mediaUploadId"] = sandbox.uploaded()
            function(client, **given)
        except OFAuthError as error:
            return f"{error.status}"
        except Exception as error:  # pylint: disable=broad-except
            return repr(error)
    return None


def judge_calls(strict, lenient):
    """Calls every function; returns how many calls there were, how many succeeded, and what was not as it should be."""
    calls, succeeded, wrong = 0, 0, []
    for function, full in itertools.product(functions(), (False, True)):
        name = function.__name__
        if name.startswith("iter_"):
            continue
        calls += 1
        refused = attempt(function, lenient if name in REPLACED else strict, full)
        succeeded += refused is None
        if refused is None and name in IMPOSSIBLE:
            wrong.append(f"{name} succeeds, but {IMPOSSIBLE[name]}")
        elif refused is not None and name not in IMPOSSIBLE:
            wrong.append(f"{name} with {'all' if full else 'required'} arguments: {refused}")
        if name in REPLACED and attempt(function, strict, full) is None:
            wrong.append(f"{name} succeeds without --lenient")
    return calls, succeeded, wrong


def judge_iterators(sandbox):
    """Walks every iterator; returns how many end after all items, how many there are, and what was not as it should be."""
    ended, wrong = {}, []
    with OFAuthClient(KEY, sandbox.url, CONNECTION) as client:
        for function in functions():
            name = function.__name__
            if name.startswith("iter_"):
                items = function(client, **arguments(function, False), page_size=PAGE)
                # One more than a whole walk has, for those that never end.
                found = [json.dumps(item, sort_keys=True) for item in itertools.islice(items, ITEMS + 1)]
                ended[name] = len(found) == len(set(found)) == FEWER.get(name, ITEMS)
                if not (ended[name] or (name in ENDLESS and len(found) > ITEMS)):
                    wrong.append(f"{name}: {len(found)} items, {len(set(found))} of them different, of {ITEMS}")
                if ended[name] and name in ENDLESS:
                    wrong.append(f"{name} ends, but {ENDLESS[name]}")
    return sum(ended.values()), len(ended), wrong


def main(command):
    # The models of the SDK warn about themselves.
    warnings.simplefilter("ignore")
    seeds = ",".join(f"{name}={ITEMS}" for name in SEEDED)
    with Sandbox(command) as strict, Sandbox(command, "--lenient") as lenient:
        calls, succeeded, wrong = judge_calls(strict, lenient)
    with Sandbox(command, "--seed", seeds) as seeded:
        ended, iterators, more = judge_iterators(seeded)
    wrong += more
    if (calls, iterators) != (2 * CALLS, ITERATORS):
        wrong.append(f"not {CALLS} functions and {ITERATORS} iterators were tried")
    for line in wrong:
        print(line, file=sys.stderr)
    print(
        f"sdk: {succeeded} of {calls} calls ok ({len(REPLACED)} functions only with --lenient, {len(IMPOSSIBLE)} impossible), "
        f"{ended} of {iterators} iterators end after all items ({len(ENDLESS)} of the SDK never do), {len(wrong)} findings"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
