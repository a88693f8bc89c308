"""Prism between `ofauth api` and the sandbox: what goes either way must be as the document says.

    python prism_judge.py target/debug/ofauth COMMAND_THAT_RUNS_PRISM...

Every operation that the command lists is called, once with what is required and once with everything, with values made
from what the command says of it. Prism is a validating proxy: it reads the document that the sandbox serves, hands
everything on, and logs what breaks the document. Bytes are left out, for Prism takes JSON.
"""

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
from pathlib import Path

from sandbox import CONNECTION, KEY, Sandbox, environment
from schema_values import DATE, value

# What the table does not say.
NAMES = {
    "cursor": "cur_9ix",
    "clientAppId": "app_12345",
    "filename": "clip.mp4",
    "contentType": "video/mp4",
    "scheduledDate": DATE,
}

# Operations whose body is bytes.
BYTES = {"upload_single", "upload_part"}
# The one that the document does not have, for its path is any.
UNDOCUMENTED = {"proxy_request"}

LISTENING = re.compile(r"Prism is listening on (http://\S+)")
RECEIVED = re.compile(r"\[HTTP SERVER\] (\S+ \S+) .*Request received")
# What it only warns of is that a parameter is deprecated.
VIOLATION = re.compile(r"error +Violation: (.*)")
# What is asked for last, with a value that the document does not allow: so the log is known to be whole, and the proxy
# to see violations.
LAST = "/v2/access/users/the-last-one/posts"
SECONDS = 60


class Prism:
    """`with Prism(command, document, upstream) as prism:` runs the proxy for as long, and reads its log."""

    def __init__(self, command, document, upstream):
        # npx starts it as a child of its own: a session of its own is ended as a whole.
        arguments = [*command, "proxy", str(document), upstream, "--port", "0"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.lines = queue.SimpleQueue()
        threading.Thread(target=self.read).start()

    def read(self):
        """Takes the log as it comes, for a proxy whose log nobody reads comes to a stop."""
        with self.process.stdout as log:
            for line in log:
                self.lines.put(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def until(self, pattern):
        """The next lines of the log up to one that `pattern` is in, and what it found there."""
        lines = []
        while True:
            try:
                lines.append(self.lines.get(timeout=SECONDS))
            except queue.Empty:
                sys.exit(f"{''.join(lines[-20:])}Prism says no more")
            found = pattern.search(lines[-1])
            if found:
                return lines, found[1]


def violations(lines):
    """How many requests a log has, and its violations, each with the request that it is about."""
    requests, found = [], []
    for line in lines:
        received, violation = RECEIVED.search(line), VIOLATION.search(line)
        if received:
            requests.append(received[1])
        if violation:
            found.append(f"{requests[-1]}: {violation[1]}")
    return len(requests), found


def words(operation, full):
    """What is typed behind `ofauth api OPERATION`."""
    is_sorted = any(parameter["name"] == "sort" for parameter in operation["parameters"])
    for parameter in operation["parameters"]:
        # A cursor goes on in the order that it comes from, and the one of the names here comes from no order that is asked for.
        if is_sorted and parameter["name"] == "cursor":
            continue
        if full or parameter["required"]:
            given = value(parameter["schema"], NAMES, True, parameter["name"])
            # A list is given one by one.
            for one in given if isinstance(given, list) else [given]:
                text = one if isinstance(one, str) else json.dumps(one)
                yield from ("--param", f"{parameter['name']}={text}")
    body = operation["bodySchema"]
    if body is not None and (full or operation["body"] == "JSON"):
        yield from ("--body", json.dumps(value(body, NAMES, full)))


def call_all(command, sandbox, url):
    """Calls all operations through the proxy; returns how many calls there were, and those that failed."""
    variables = {"OFAUTH_API_KEY": KEY, "OFAUTH_CONNECTION_ID": CONNECTION, "OFAUTH_BASE_URL": url}

    def ofauth(*arguments):
        return subprocess.run(
            [command, "--json", "api", *arguments], capture_output=True, text=True, env=environment() | variables
        )

    listed = [json.loads(line)["id"] for line in ofauth("--list").stdout.splitlines()]
    calls, failed = 0, []
    for name in listed:
        if name in BYTES | UNDOCUMENTED:
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
        operations = sum(len(item) for item in json.loads(sandbox.document())["paths"].values())
        with Prism(prism, document, sandbox.url) as proxy:
            _, url = proxy.until(LISTENING)
            calls, failed = call_all(command, sandbox, url)
            with contextlib.suppress(urllib.error.HTTPError):
                sandbox.request("GET", f"{url}{LAST}?limit=99")
            *lines, _ = proxy.until(re.compile(f"({LAST}).*Request received"))[0]
            proxy.until(VIOLATION)
    requests, found = violations(lines)
    wanted = 2 * (operations - len(BYTES))
    if not requests >= calls == wanted:
        failed.append(f"{wanted} calls were to be made, {calls} were, and the proxy saw {requests}")
    for line in [*failed, *found]:
        print(line, file=sys.stderr)
    print(f"prism: {requests} requests of {calls} calls, {len(found)} violations, {len(failed)} failures")
    return 1 if found or failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
