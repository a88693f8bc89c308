"""Prism between `ofauth api` and the sandbox: what goes either way must be as the document says.

    python prism_judge.py target/debug/ofauth COMMAND_THAT_RUNS_PRISM...

Every operation that the command lists is called, once with what is required and once with everything, with values made
from what the command says of it. Prism is a validating proxy: it reads the document that the sandbox serves, hands
everything on, and logs what breaks the document. Bytes are left out, for Prism takes JSON.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
from pathlib import Path

from sandbox import CONNECTION, KEY, Sandbox, environment
from schema_values import DATE, value

# What the table does not say.
NAMES = {"cursor": "cur_9ix", "clientAppId": "app_12345", "filename": "clip.mp4", "contentType": "video/mp4", "scheduledDate": DATE}

# Operations whose body is bytes, and the one that has no schema.
LEFT_OUT = {"upload_single", "upload_part", "proxy_request"}

LISTENING = re.compile(r"Prism is listening on (http://\S+)")
# What it only warns of is that a parameter is deprecated.
VIOLATION = re.compile(r"error +Violation: (.*)")
# A request that breaks the document, whose violation must be the last one of the log.
WRONG = "/v2/access/posts?limit=99"


class Prism:
    """`with Prism(command, document, upstream) as prism:` runs the proxy for as long, and reads its log."""

    def __init__(self, command, document, upstream):
        # npx starts it as a child of its own: a session of its own is ended as a whole.
        arguments = [*command, "proxy", str(document), upstream, "--port", "0"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.url = self.until(LISTENING)[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()

    def until(self, pattern, last=""):
        """All that the log says after `pattern` from here on, up to the first that begins with `last`."""
        found = []
        for line in self.process.stdout:
            match = pattern.search(line)
            if match:
                found.append(match[1])
                if match[1].startswith(last):
                    return found
        sys.exit("Prism ended")


def words(operation, full):
    """What is typed behind `ofauth api OPERATION`."""
    for parameter in operation["parameters"]:
        if full or parameter["required"]:
            given = value(parameter["schema"], NAMES, True, parameter["name"])
            text = given if isinstance(given, str) else json.dumps(given[0] if isinstance(given, list) else given)
            yield from ("--param", f"{parameter['name']}={text}")
    body = operation["bodySchema"]
    if body is not None and (full or operation["body"] == "JSON"):
        yield from ("--body", json.dumps(value(body, NAMES, full)))


def judge(command, sandbox, prism):
    """Calls all operations through the proxy; returns how many calls there were, and those that failed."""
    variables = {"OFAUTH_API_KEY": KEY, "OFAUTH_CONNECTION_ID": CONNECTION, "OFAUTH_BASE_URL": prism.url}

    def ofauth(*arguments):
        return subprocess.run(
            [command, "--json", "api", *arguments], capture_output=True, text=True, env=environment() | variables
        )

    listed = [json.loads(line)["id"] for line in ofauth("--list").stdout.splitlines()]
    calls, failed = 0, []
    for name in listed:
        if name in LEFT_OUT:
            continue
        operation = json.loads(ofauth("--describe", name).stdout)
        for full in (False, True):
            # What one operation deletes another one reads.
            sandbox.reset()
            arguments = [name, *words(operation, full)]
            if name == "complete_upload":
                arguments[-1] = json.dumps({"mediaUploadId": sandbox.uploaded()})
            done = ofauth(*arguments)
            calls += 1
            if done.returncode != 0:
                failed.append(f"{' '.join(arguments)}\n    {done.stderr.strip()}")
    return calls, failed


def main(command, *prism):
    command = str(Path(command).resolve())
    with Sandbox(command) as sandbox, tempfile.TemporaryDirectory() as place:
        document = Path(place, "openapi.json")
        document.write_bytes(sandbox.document())
        with Prism(prism, document, sandbox.url) as proxy:
            calls, failed = judge(command, sandbox, proxy)
            with contextlib.suppress(urllib.error.HTTPError):
                sandbox.request("GET", proxy.url + WRONG)
            *violations, _ = proxy.until(VIOLATION, "request.query.limit")
    for line in [*failed, *violations]:
        print(line, file=sys.stderr)
    print(f"prism: {calls} requests, {len(violations)} violations, {len(failed)} failures")
    return 1 if violations or failed or calls == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
