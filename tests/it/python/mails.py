"""Reads mails as a mail program does: mails.py FOLDER > [{message_id, to, subject, ..., text, html, pictures, files}].

Pictures are base64, under their Content-ID; files are hexadecimal, under their names.
"""

import base64
import email.policy
import json
import sys
from email.parser import BytesParser
from pathlib import Path


def read(path):
    message = BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
    parts = [part for part in message.walk() if not part.is_multipart()]
    texts = {part.get_content_type(): part.get_content() for part in parts if part.get_content_maintype() == "text"}
    return {
        "message_id": message["Message-ID"],
        "to": message["To"].addresses[0].addr_spec,
        "from": message["From"],
        "subject": message["Subject"],
        "kind": message.get_content_type(),
        "text": texts.get("text/plain", ""),
        "html": texts.get("text/html", ""),
        "pictures": {
            part["Content-ID"].strip("<>"): base64.b64encode(part.get_content()).decode()
            for part in parts
            if part.get_content_maintype() == "image"
        },
        "files": {
            part.get_filename(): part.get_content().hex()
            for part in parts
            if part.get_content_disposition() == "attachment"
        },
        "defects": [str(defect) for part in message.walk() for defect in part.defects],
    }


json.dump([read(path) for path in sorted(Path(sys.argv[1]).glob("*.eml"))], sys.stdout)
