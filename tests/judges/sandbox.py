"""A sandbox for one judge: on a port of its own, with a key of its own, and gone when the judge is done.

It starts `ofauth sandbox` and says where it is. What is asked of it is the judge's business.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

KEY = "sk_live_judge_0123456789"
CONNECTION = "conn_judge"
PART_SIZE = 1024
# The id that every seeded collection has.
ID = 12345


def environment():
    """The environment without what would set the command up in another way."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OFAUTH_")}


class Sandbox:
    """`with Sandbox(command, "--lenient") as sandbox:` runs `command sandbox --lenient` for as long."""

    def __init__(self, command, *flags):
        self.command = [str(Path(command).resolve()), "sandbox", "--quiet", "--part-size", f"{PART_SIZE}B", *flags]

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory()
        key = Path(self.scratch.name, "key")
        key.touch(mode=0o600)
        key.write_text(KEY)
        log = Path(self.scratch.name, "log")
        with log.open("w") as stderr:
            command = [*self.command, "--api-key-file", str(key)]
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment()
            )
        # Its only line on standard output.
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            sys.exit(f"the sandbox did not start: {log.read_text()}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.scratch.cleanup()

    def request(self, method, path, body=None, content_type="application/json"):
        """Asks it for something, without any of the programs that are judged."""
        headers = {"apiKey": KEY, "x-connection-id": CONNECTION, "content-type": content_type}
        request = urllib.request.Request(urllib.parse.urljoin(self.url, path), body, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def document(self):
        """The OpenAPI document that it serves."""
        return self.request("GET", "/openapi.json")

    def reset(self):
        """Puts everything back to how it was at the start."""
        self.request("POST", "/_sandbox/reset")

    def uploaded(self):
        """The id of an upload whose two parts were sent: all that is left to do is to complete it."""
        wanted = {"filename": "clip.mp4", "size": 2 * PART_SIZE, "contentType": "video/mp4"}
        plan = json.loads(self.request("POST", "/v2/access/uploads/init", json.dumps(wanted).encode()))
        for part in plan["parts"]:
            self.request("PUT", part["uploadUrl"], bytes(PART_SIZE), "video/mp4")
        return plan["mediaUploadId"]
