"""The headers of mails and how old and new mail programs name their attachments: headers.py FOLDER > [{headers, names}].

A new program reads `filename*` (RFC 2231), an old one `name` with encoded words in it (RFC 2047).
"""

import email
import email.header
import email.policy
import json
import sys
from pathlib import Path


def old(part):
    words = email.header.decode_header(part.get_param("name", ""))
    return "".join(word.decode(charset or "ascii") if isinstance(word, bytes) else word for word, charset in words)


def read(path):
    new = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    before = email.message_from_bytes(path.read_bytes())
    attached = [part for part in new.walk() if part.get_content_disposition() == "attachment"]
    before_attached = [part for part in before.walk() if part.get_content_disposition() == "attachment"]
    return {
        "headers": {name: str(value) for name, value in new.items()},
        "new": [part.get_filename() for part in attached],
        "old": [old(part) for part in before_attached],
        "longest": max(len(line) for line in path.read_bytes().split(b"\r\n")),
    }


json.dump([read(path) for path in sorted(Path(sys.argv[1]).glob("*.eml"))], sys.stdout)
