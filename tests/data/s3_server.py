"""A store that speaks S3 as far as a lake needs it, checks every signature by its own means, keeps its conditions under one lock, and fails as told."""
import hashlib, hmac, http.server, socketserver, threading, time, urllib.parse

KEY, SECRET = 'AKID' + 'OFATEST', 'secret/of+a/test'


def signature(method, path, query, headers, names, hashed, secret, scope, date):
    pairs = sorted(tuple(p.partition('=')[::2]) for p in query.split('&') if p)
    canonical = '\n'.join([method, path, '&'.join('%s=%s' % p for p in pairs), ''.join('%s:%s\n' % (n, ' '.join(headers[n].split())) for n in names), ';'.join(names), hashed])
    key = ('AWS4' + secret).encode()
    for part in scope.split('/'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = '\n'.join(['AWS4-HMAC-SHA256', date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, body=b'', headers=()):
        self.send_response_only(status)
        if 'Date' not in dict(headers):
            self.send_header('Date', http_date(0))
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code, headers=(), more=''):
        self.answer(status, ('<?xml version="1.0"?><Error><Code>%s</Code><Message>as told</Message>%s</Error>' % (code, more)).encode(), headers)

    def bad_signature(self, body):
        """The S3 error code, or None."""
        path, _, query = self.path.partition('?')
        headers = {k.lower(): v for k, v in self.headers.items()}
        try:
            method, rest = headers['authorization'].split(' ', 1)
            fields = dict(f.strip().split('=', 1) for f in rest.split(','))
            key, scope = fields['Credential'].split('/', 1)
            names = fields['SignedHeaders'].split(';')
        except (KeyError, ValueError):
            return 'AccessDenied'
        if method != 'AWS4-HMAC-SHA256' or not {'host', 'x-amz-date', 'x-amz-content-sha256'} <= set(names) or names != sorted(names):
            return 'AccessDenied'
        if self.server.store.token and (headers.get('x-amz-security-token') != self.server.store.token or 'x-amz-security-token' not in names):
            return 'InvalidToken'
        if key != KEY:
            return 'InvalidAccessKeyId'
        if headers['x-amz-content-sha256'] != hashlib.sha256(body).hexdigest():
            return 'XAmzContentSHA256Mismatch'
        wanted = signature(self.command, path, query, headers, names, headers['x-amz-content-sha256'], SECRET, scope, headers['x-amz-date'])
        return None if wanted == fields['Signature'] else 'SignatureDoesNotMatch'

    def handle_any(self):
        store = self.server.store
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        path, _, query = self.path.partition('?')
        with store.lock:
            store.asked.append((self.command, urllib.parse.unquote(path)))
            fault = store.fault(self.command, path) if store.fault else None
            if callable(fault):
                return fault(self)
            bad = self.bad_signature(body)
            if bad:
                return self.refuse(403, bad)
            bucket, _, name = urllib.parse.unquote(path).lstrip('/').partition('/')
            if bucket != store.bucket:
                return self.refuse(404, 'NoSuchBucket')
            getattr(self, 'do_it_' + self.command)(store, name, dict(urllib.parse.parse_qsl(query)), body, fault)

    do_GET = do_PUT = handle_any

    def do_it_GET(self, store, name, query, body, fault):
        if not name:
            return self.list(store, query)
        if name not in store.objects:
            return self.refuse(404, 'NoSuchKey')
        self.answer(200, store.objects[name], [('ETag', store.etag(name))])

    def list(self, store, query):
        names = sorted(n for n in store.objects if n.startswith(query.get('prefix', '')) and n > query.get('continuation-token', ''))
        page, rest = names[:store.page], names[store.page:]
        rows = ''.join('<Contents><Key>%s</Key><Size>%d</Size><ETag>%s</ETag></Contents>' % (urllib.parse.quote(n, safe='/').replace('%20', '+'), len(store.objects[n]),
                                                                                          store.etag(n).replace('"', '&quot;')) for n in page)
        more = '<IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>' % page[-1] if rest else '<IsTruncated>false</IsTruncated>'
        self.answer(200, ('<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType>%s%s</ListBucketResult>' % (more, rows)).encode())

    def do_it_PUT(self, store, name, query, body, fault):
        if self.headers.get('If-None-Match') == '*' and name in store.objects:
            store.refused += 1
            return self.refuse(412, 'PreconditionFailed')
        if self.headers.get('If-Match') and (name not in store.objects or self.headers['If-Match'] != store.etag(name)):
            store.refused += 1
            return self.refuse(412, 'PreconditionFailed')
        if not self.headers.get('If-Match') and not self.headers.get('If-None-Match'):
            store.blind.append(name)
        store.objects[name] = body
        store.written.append(name)
        if fault == 'lose the answer':
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.answer(200, b'', [('ETag', store.etag(name))])


class Store:
    """fault(method, path) gives None, 'lose the answer', or a function of the handler that answers itself; it is called under the lock."""

    def __init__(self, bucket='evidence', page=1000, fault=None, token=None, md5=True):
        self.bucket, self.page, self.fault, self.token, self.md5 = bucket, page, fault, token, md5
        self.lock, self.objects, self.asked, self.written, self.blind, self.refused = threading.Lock(), {}, [], [], [], 0

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads, request_queue_size = True, 128

            def handle_error(self, *_):
                pass  # a client that went away

        self.server = Server(('127.0.0.1', 0), Handler)
        self.server.store = self
        self.url = 'http://127.0.0.1:%d' % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def etag(self, name):
        return '"%s"' % (hashlib.md5 if self.md5 else hashlib.sha1)(self.objects[name]).hexdigest()[:32]

    def env(self, **more):
        made = {'AWS_ENDPOINT_URL': self.url, 'AWS_ACCESS_KEY_ID': KEY, 'AWS_SECRET_ACCESS_KEY': SECRET, 'AWS_REGION': 'eu-central-1', 'no_proxy': '*'}
        return dict(made, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def says(status, code, headers=(), more=''):
    return lambda handler: handler.refuse(status, code, headers, more)


def first(count, fault):
    """The fault for the first `count` requests."""
    left = [count]

    def of(method, path):
        left[0] -= 1
        return fault if left[0] >= 0 else None
    return of


def http_date(offset_s):
    return time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(time.time() + offset_s))
