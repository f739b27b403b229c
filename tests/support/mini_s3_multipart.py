# mini_s3_multipart.py: how mini_s3.py takes an object in parts.
# SPDX-License-Identifier: Apache-2.0
import base64
import hashlib
import os
import time
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from mini_s3_store import XMLNS, Pending, Refusal, Stored, iso_date


def sha256_base64(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class Multipart:
    """A part of the request handler."""

    def create_upload(self, bucket, key):
        upload = hashlib.sha256(os.urandom(16)).hexdigest()[:32]
        algorithm = self.headers.get("x-amz-checksum-algorithm", "") if self.options.checksums else ""
        if algorithm not in ("", "SHA256"):
            raise Refusal(501, "NotImplemented", "mini_s3 knows only SHA256 checksums")
        self.store.uploads[upload] = Pending(bucket, key, self.kept_headers(), algorithm, time.time())
        self.answer_xml(f'<InitiateMultipartUploadResult xmlns="{XMLNS}"><Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>'
                        f"<UploadId>{upload}</UploadId></InitiateMultipartUploadResult>",
                        {"x-amz-checksum-algorithm": algorithm} if algorithm else {})

    def serve_upload(self, bucket, key):
        upload = self.query["uploadId"]
        pending = self.store.uploads.get(upload)
        if pending is None or (pending.bucket, pending.key) != (bucket, key):
            raise Refusal(404, "NoSuchUpload", "The specified upload does not exist.")
        if self.command == "PUT":
            return self.put_part(pending)
        if self.command == "GET":
            return self.list_parts(pending)
        if self.command == "DELETE":
            del self.store.uploads[upload]
            return self.answer(204)
        return self.complete_upload(upload, pending)

    def put_part(self, pending):
        number = int(self.query.get("partNumber", "0"))
        if not 1 <= number <= 10000:
            raise Refusal(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
        checksum = self.headers.get("x-amz-checksum-sha256", "") if self.options.checksums else ""
        if pending.algorithm and not checksum:
            raise Refusal(400, "InvalidRequest", "The upload was created using a sha256 checksum; the part must carry one")
        self.check_quota(len(self.body))
        part = Stored(self.body, self.etag_of_body(), {}, checksum, modified=time.time())
        pending.parts[number] = part
        self.answer(200, headers={"ETag": part.etag, **self.checksum_header(part)})

    def list_parts(self, pending):
        after = int(self.query.get("part-number-marker", "0"))
        numbers = sorted(n for n in pending.parts if n > after)
        page = numbers[:self.page_size("max-parts")]
        more = len(page) < len(numbers)
        parts = [f'<ListPartsResult xmlns="{XMLNS}"><Bucket>{pending.bucket}</Bucket><Key>{escape(pending.key)}</Key>'
                 f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"]
        if more:
            parts.append(f"<NextPartNumberMarker>{page[-1]}</NextPartNumberMarker>")
        for number in page:
            part = pending.parts[number]
            checksum = f"<ChecksumSHA256>{part.checksum}</ChecksumSHA256>" if self.checksum_header(part) else ""
            parts.append(f"<Part><PartNumber>{number}</PartNumber><LastModified>{iso_date(part.modified)}</LastModified>"
                         f"<ETag>{escape(part.etag, {chr(34): '&quot;'})}</ETag>{checksum}<Size>{len(part.data)}</Size></Part>")
        self.answer_xml("".join(parts) + "</ListPartsResult>")

    def wanted_parts(self):
        try:
            root = ElementTree.fromstring(self.body)
        except ElementTree.ParseError:
            raise Refusal(400, "MalformedXML", "The XML you provided was not well-formed") from None
        space = f"{{{XMLNS}}}" if root.tag.startswith("{") else ""
        return [(int(p.findtext(f"{space}PartNumber", "0")), p.findtext(f"{space}ETag", "").strip('"'),
                 p.findtext(f"{space}ChecksumSHA256", "")) for p in root.iter(f"{space}Part")]

    def complete_upload(self, upload, pending):
        wanted = self.wanted_parts()
        numbers = [n for n, _, _ in wanted]
        if not numbers:
            raise Refusal(400, "MalformedXML", "The list of parts is empty")
        if numbers != sorted(set(numbers)):
            raise Refusal(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        for number, etag, checksum in wanted:
            part = pending.parts.get(number)
            if part is None or part.etag.strip('"') != etag or (pending.algorithm and checksum != part.checksum):
                raise Refusal(400, "InvalidPart", "One or more of the specified parts could not be found.")
            if number != numbers[-1] and len(part.data) < self.options.min_part:
                raise Refusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        self.check_condition(pending.bucket, pending.key)
        self.finish_upload(upload, pending, [pending.parts[n] for n in numbers])

    def finish_upload(self, upload, pending, parts):
        etag = hashlib.md5(b"".join(bytes.fromhex(p.etag.strip('"')) for p in parts)).hexdigest()
        checksum = ""
        if pending.algorithm:
            checksum = f'{sha256_base64(b"".join(base64.b64decode(p.checksum) for p in parts))}-{len(parts)}'
        stored = Stored(b"".join(p.data for p in parts), f'"{etag}-{len(parts)}"', pending.headers, checksum)
        self.store.add(pending.bucket, pending.key, stored, self.options.versioning)
        del self.store.uploads[upload]
        self.answer_xml(f'<CompleteMultipartUploadResult xmlns="{XMLNS}"><Bucket>{pending.bucket}</Bucket>'
                        f"<Key>{escape(pending.key)}</Key><ETag>&quot;{etag}-{len(parts)}&quot;</ETag>"
                        + (f"<ChecksumSHA256>{checksum}</ChecksumSHA256>" if checksum else "")
                        + "</CompleteMultipartUploadResult>", self.version_header(stored))
