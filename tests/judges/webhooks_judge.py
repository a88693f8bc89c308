"""The public libraries svix and standardwebhooks judge the table of webhooks, tests/data/webhooks.json.

    python webhooks_judge.py

For every vector in the scheme of svix they say whether the request is genuine, by the first of its secrets, and agree with
what the table expects, but for those where it says why they do not; one that agrees all the same fails, too. What a body
says is not theirs to judge: one that is genuine and unreadable is genuine.
"""

import base64
import collections
import datetime
import json
import pathlib
import sys

import standardwebhooks.webhooks
import svix.webhooks

FILE = pathlib.Path(__file__).parents[1] / "data" / "webhooks.json"


class Clock(datetime.datetime):
    """The time of a vector: the libraries ask for it themselves."""

    at = 0

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(cls.at, tz)


# svix stands on the other, which alone asks for the time.
standardwebhooks.webhooks.datetime = Clock


def joined(headers):
    """Headers as a dictionary; what came twice is one list, as gateways to Python give it."""
    found = collections.defaultdict(list)
    for name, value in headers:
        found[name].append(value)
    return {name: ", ".join(values) for name, values in found.items()}


def by_svix(secret, body, headers):
    svix.webhooks.Webhook(secret).verify(body, headers)


def by_standardwebhooks(secret, body, headers):
    # Its own names alone.
    headers = {name.lower().replace("svix-", "webhook-"): value for name, value in headers.items()}
    standardwebhooks.webhooks.Webhook(secret).verify(body, headers, json_parse=False)


def is_genuine(judge, vector):
    body = base64.b64decode(vector["bodyBase64"]) if "bodyBase64" in vector else vector["body"].encode()
    Clock.at = vector["now"]
    try:
        judge(vector["secrets"][0], body, joined(vector["headers"]))
    # They refuse by all kinds of exceptions, that of a list with no secret in it included.
    except Exception:
        return False
    return True


def main():
    vectors = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]
    judged, wrong, differing = 0, [], collections.Counter()
    for vector in vectors:
        if "libraries" not in vector:
            continue
        judged += 1
        reason = vector["libraries"].get("differ")
        differing.update([reason] if reason else [])
        expected = "ok" in vector["expect"] or vector["expect"]["error"] == "unreadable"
        for judge in (by_svix, by_standardwebhooks):
            told = is_genuine(judge, vector)
            if (told == expected) == bool(reason):
                wrong.append(f"{vector['name']}: {judge.__name__} says {told}, the table {expected} ({reason or 'agree'})")
    print(f"svix and standardwebhooks on {judged} webhooks: {judged - differing.total()} alike, and otherwise on purpose:")
    for reason, count in differing.items():
        print(f"  {count} x {reason}")
    if judged < 60 or wrong:
        sys.exit("\n".join(wrong) or f"only {judged} webhooks were found")


if __name__ == "__main__":
    main()
