#!/usr/bin/env python3
"""maketree.py FOLDER [--seed N] [--agents N] [--each N] [--kinds WORD,…] - a tree of agents with planted secrets, hard negatives, and the truth about both.

Every value is made here at run time; none stands in this file. truth.json lies beside the folder (FOLDER.truth.json):
{"secrets": [{"path", "line", "end_line", "kind"}], "negatives": [{"path", "line", "kind"}]}. The same seed makes the same tree."""
import argparse, base64, binascii, hashlib, json, os, random, string, uuid

ALNUM = string.ascii_letters + string.digits
B64 = ALNUM + '+/'
URL64 = ALNUM + '-_'
HEX = '0123456789abcdef'
BASE32 = string.ascii_uppercase + '234567'
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


class Make:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def of(self, alphabet, count):
        return ''.join(self.r.choice(alphabet) for _ in range(count))

    def pick(self, *values):
        return self.r.choice(values)

    def uuid(self):
        return str(uuid.UUID(int=self.r.getrandbits(128), version=4))

    def crc(self, prefix, wrong=False):
        body = self.of(ALNUM, 30)
        number = binascii.crc32(body.encode()) & 0xffffffff
        if wrong:
            number ^= 0x5a5a5a
        tail = ''
        for _ in range(6):
            number, digit = divmod(number, 62)
            tail = BASE62[digit] + tail
        return prefix + body + tail

    def jwt(self, **more):
        part = lambda value: base64.urlsafe_b64encode(json.dumps(value, separators=(',', ':')).encode()).decode().rstrip('=')
        claims = dict(sub=self.of(string.digits, 10), name='svc-' + self.of(string.ascii_lowercase, 5), iat=self.r.randrange(1700000000, 1780000000), **more)
        return '.'.join((part({'alg': self.pick('HS256', 'RS256'), 'typ': 'JWT'}), part(claims), self.of(URL64, 43)))

    def pem(self, label, heads=b'\x30'):
        if 'OPENSSH' in label:
            body = b'openssh-key-v1\0' + self.r.randbytes(300)
        else:
            inner = b'\x02\x01\x00' + self.r.randbytes(self.r.randrange(300, 1200))
            body = heads + b'\x82' + len(inner).to_bytes(2, 'big') + inner
        text = base64.b64encode(body).decode()
        lines = '\n'.join(text[i:i + 64] for i in range(0, len(text), 64))
        return '-----BEGIN %s-----\n%s\n-----END %s-----' % (label, lines, label)

    def password(self):
        r = self.r
        kind = r.randrange(5)
        if kind == 0:
            return self.of(ALNUM + '!@#%^&*', r.randrange(12, 20))
        if kind == 1:
            return self.of(string.ascii_letters, 4) + self.of('!@#%^*?', 1) + self.of(string.digits, 3) + self.of(string.ascii_letters, 3)
        if kind == 2:
            word = self.pick('Sommer', 'Kestrel', 'Tundra', 'Basalt', 'Juniper', 'Harbour', 'Falcon', 'Orchid', 'Winter', 'Meteor')
            return word + self.of(string.digits, 4) + self.of('!#%*?', 1)
        if kind == 3:
            return self.of(string.ascii_lowercase + string.digits, 14) + '7q'
        return self.of(ALNUM, 10) + self.of('!*^%', 1) + self.of(string.digits, 2)

    def url_password(self):
        return self.of(ALNUM, self.r.randrange(10, 22)) + self.pick('', '!', '%40', '-x9', '_Q4')

    def host(self):
        return '%s-%s.%s.%s' % (self.pick('db', 'pg', 'cache', 'main', 'core', 'events', 'mq'), self.of(string.digits, 2), self.pick('eu-west-1', 'prod', 'internal', 'us-east'),
                                self.pick('acme-corp.com', 'rds.amazonaws.com', 'corp.net', 'svc.company.io', 'kestrel.dev'))


# kind: (names it is assigned to, function, where it may stand). Places: c code, e env, y yaml, j json, d dockerfile, t text
def kinds(m):
    of, pick = m.of, m.pick
    url = lambda scheme, port: lambda: '%s://%s:%s@%s:%d/%s' % (pick(*scheme), pick('app', 'svc_agent', 'admin', 'reporting', 'ml'), m.url_password(), m.host(), port, pick('main', 'agents', 'prod'))
    return {
        'openai_project': (['OPENAI_API_KEY', 'openai_key', 'api_key', 'llm_api_key'], lambda: 'sk-' + 'proj-' + of(URL64, pick(48, 74)) + 'T3Blbk' + 'FJ' + of(URL64, pick(48, 74)), 'cejydt'),
        'openai_service': (['OPENAI_API_KEY', 'key'], lambda: 'sk-' + 'svcacct-' + of(URL64, 58) + 'T3Blbk' + 'FJ' + of(URL64, 58), 'cejydt'),
        'openai_legacy': (['OPENAI_API_KEY', 'openai.api_key'], lambda: 'sk-' + of(ALNUM, 20) + 'T3Blbk' + 'FJ' + of(ALNUM, 20), 'cejydt'),
        'anthropic': (['ANTHROPIC_API_KEY', 'claude_key', 'api_key'], lambda: 'sk-' + 'ant-api03-' + of(URL64, 93) + 'AA', 'cejydt'),
        'google_api': (['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'key'], lambda: 'AI' + 'za' + of(URL64, 35), 'cejydt'),
        'azure_ai_84': (['AZURE_OPENAI_API_KEY', 'azure_openai_key'], lambda: of(ALNUM, 52) + 'JQQ' + 'J99' + of(string.ascii_uppercase, 2) + of(ALNUM, 24), 'cejyd'),
        'azure_ai_32': (['AZURE_OPENAI_API_KEY', 'AZURE_COGNITIVE_KEY', 'azure_search_key'], lambda: of(HEX, 32), 'cejyd'),
        'azure_ad_secret': (['AZURE_CLIENT_SECRET', 'client_secret'], lambda: of(ALNUM, 3) + '8Q' + '~' + of(ALNUM + '_.-', 33) + of(ALNUM, 1), 'cejyd'),
        'azure_storage': (['AZURE_STORAGE_CONNECTION_STRING', 'conn_str'],
                          lambda: 'DefaultEndpointsProtocol=https;AccountName=agents%s;AccountKey=%s==;EndpointSuffix=core.windows.net' % (of(HEX, 4), of(B64, 86)), 'cejy'),
        'huggingface': (['HF_TOKEN', 'HUGGINGFACE_TOKEN', 'hf_token'], lambda: 'hf' + '_' + of(string.ascii_letters, 34), 'cejydt'),
        'groq': (['GROQ_API_KEY'], lambda: 'gsk' + '_' + of(ALNUM, 52), 'cejydt'),
        'xai': (['XAI_API_KEY'], lambda: 'xai' + '-' + of(ALNUM, 80), 'cejydt'),
        'replicate': (['REPLICATE_API_TOKEN'], lambda: 'r8' + '_' + of(ALNUM, 37), 'cejydt'),
        'perplexity': (['PERPLEXITY_API_KEY', 'PPLX_KEY'], lambda: 'pplx' + '-' + of(ALNUM, 48), 'cejydt'),
        'openrouter': (['OPENROUTER_API_KEY'], lambda: 'sk-' + 'or-v1-' + of(HEX, 64), 'cejydt'),
        'cohere': (['COHERE_API_KEY', 'CO_API_KEY', 'cohere_key'], lambda: of(ALNUM, 40), 'cejyd'),
        'mistral': (['MISTRAL_API_KEY', 'mistral_key'], lambda: of(ALNUM, 32), 'cejyd'),
        'together': (['TOGETHER_API_KEY'], lambda: of(HEX, 64), 'cejyd'),
        'langsmith': (['LANGCHAIN_API_KEY', 'LANGSMITH_API_KEY'], lambda: 'lsv2' + '_pt_' + of(HEX, 32) + '_' + of(HEX, 10), 'cejydt'),
        'pinecone': (['PINECONE_API_KEY'], lambda: 'pcsk' + '_' + of(ALNUM, 6) + '_' + of(ALNUM, 63), 'cejydt'),
        'tavily': (['TAVILY_API_KEY'], lambda: 'tvly' + '-dev-' + of(ALNUM, 32), 'cejydt'),
        'wandb': (['WANDB_API_KEY'], lambda: of(HEX, 40), 'cejyd'),
        'elevenlabs': (['ELEVENLABS_API_KEY', 'XI_API_KEY'], lambda: 'sk' + '_' + of(HEX, 48), 'cejydt'),
        'nvidia': (['NVIDIA_API_KEY'], lambda: 'nvapi' + '-' + of(URL64, 64), 'cejydt'),
        'aws_id': (['AWS_ACCESS_KEY_ID', 'aws_access_key_id', 'access_key'], lambda: 'AK' + 'IA' + of(BASE32, 16), 'cejydt'),
        'aws_secret': (['AWS_SECRET_ACCESS_KEY', 'aws_secret_access_key', 'secretAccessKey'], lambda: of(B64, 40), 'cejyd'),
        'aws_pair': (None, None, 'cey'),
        'gcp_service_account': (None, None, 'j'),
        'google_oauth_secret': (['GOOGLE_CLIENT_SECRET', 'client_secret'], lambda: 'GOC' + 'SPX-' + of(URL64, 28), 'cejydt'),
        'digitalocean': (['DIGITALOCEAN_TOKEN', 'DO_TOKEN'], lambda: 'dop' + '_v1_' + of(HEX, 64), 'cejydt'),
        'pem_rsa': (None, lambda: m.pem('RSA PRIVATE ' + 'KEY'), 'p'),
        'pem_pkcs8': (None, lambda: m.pem('PRIVATE ' + 'KEY'), 'p'),
        'pem_openssh': (None, lambda: m.pem('OPENSSH PRIVATE ' + 'KEY'), 'p'),
        'github_personal': (['GITHUB_TOKEN', 'GH_TOKEN', 'token'], lambda: m.crc('gh' + 'p_'), 'cejydt'),
        'github_app': (['GITHUB_TOKEN', 'INSTALLATION_TOKEN'], lambda: m.crc('gh' + pick('s', 'o', 'u') + '_'), 'cejydt'),
        'github_fine': (['GITHUB_PAT', 'GH_TOKEN'], lambda: 'github' + '_pat_' + of(ALNUM, 22) + '_' + of(ALNUM, 59), 'cejydt'),
        'gitlab': (['GITLAB_TOKEN', 'CI_TOKEN'], lambda: 'glpat' + '-' + of(URL64, 20), 'cejydt'),
        'npm': (['NPM_TOKEN', '_authToken'], lambda: m.crc('npm' + '_'), 'cejydt'),
        'pypi': (['PYPI_TOKEN', 'TWINE_PASSWORD'], lambda: 'pypi' + '-AgEIcHlwaS5vcmc' + of(URL64, 140), 'cejydt'),
        'slack_bot': (['SLACK_BOT_TOKEN', 'slack_token'], lambda: 'xox' + 'b-' + of(string.digits, 12) + '-' + of(string.digits, 13) + '-' + of(ALNUM, 24), 'cejydt'),
        'slack_webhook': (['SLACK_WEBHOOK_URL', 'webhook'], lambda: 'https://hooks.' + 'slack.com/services/T' + of(string.ascii_uppercase + string.digits, 9) + '/B' + of(string.ascii_uppercase + string.digits, 10) + '/' + of(ALNUM, 24), 'cejydt'),
        'discord_webhook': (['DISCORD_WEBHOOK', 'webhook_url'], lambda: 'https://' + 'discord.com/api/webhooks/' + '1' + of(string.digits, 18) + '/' + of(URL64, 68), 'cejydt'),
        'discord_bot': (['DISCORD_BOT_TOKEN', 'DISCORD_TOKEN'], lambda: 'MT' + of(ALNUM, 24) + '.G' + of(URL64, 5) + '.' + of(URL64, 37) + 'z', 'cejyd'),
        'telegram': (['TELEGRAM_BOT_TOKEN', 'BOT_TOKEN', 'tg_token'], lambda: of('123456789', 1) + of(string.digits, 9) + ':A' + of('AEFGH', 1) + of(URL64, 33), 'cejydt'),
        'stripe': (['STRIPE_SECRET_KEY', 'stripe.api_key'], lambda: pick('sk', 'rk') + '_live' + '_' + of(ALNUM, pick(24, 99)), 'cejydt'),
        'stripe_webhook': (['STRIPE_WEBHOOK_SECRET', 'endpoint_secret'], lambda: 'whsec' + '_' + of(ALNUM, 32), 'cejydt'),
        'sendgrid': (['SENDGRID_API_KEY'], lambda: 'SG' + '.' + of(URL64, 22) + '.' + of(URL64, 43), 'cejydt'),
        'mailgun': (['MAILGUN_API_KEY'], lambda: 'key' + '-' + of(HEX, 32), 'cejydt'),
        'twilio': (['TWILIO_AUTH_TOKEN', 'twilio_token'], lambda: of(HEX, 32), 'cejyd'),
        'datadog': (['DD_API_KEY', 'DATADOG_API_KEY', 'datadog_key'], lambda: of(HEX, 32), 'cejyd'),
        'newrelic': (['NEW_RELIC_API_KEY'], lambda: 'NRAK' + '-' + of(string.ascii_uppercase + string.digits, 27), 'cejydt'),
        'grafana': (['GRAFANA_TOKEN'], lambda: 'glsa' + '_' + of(ALNUM, 32) + '_' + of(HEX, 8), 'cejydt'),
        'sentry': (['SENTRY_AUTH_TOKEN'], lambda: 'sntryu' + '_' + of(HEX, 64), 'cejydt'),
        'vault': (['VAULT_TOKEN'], lambda: 'hvs' + '.' + of(URL64, 95), 'cejydt'),
        'databricks': (['DATABRICKS_TOKEN'], lambda: 'dapi' + of(HEX, 32), 'cejydt'),
        'linear': (['LINEAR_API_KEY'], lambda: 'lin' + '_api_' + of(ALNUM, 40), 'cejydt'),
        'notion': (['NOTION_TOKEN'], lambda: 'ntn' + '_' + of(ALNUM, 46), 'cejydt'),
        'shopify': (['SHOPIFY_TOKEN'], lambda: 'shpat' + '_' + of(HEX, 32), 'cejydt'),
        'hubspot': (['HUBSPOT_TOKEN'], lambda: 'pat' + '-na1-' + m.uuid(), 'cejydt'),
        'docker_hub': (['DOCKERHUB_TOKEN'], lambda: 'dckr' + '_pat_' + of(URL64, 27), 'cejydt'),
        'jwt': (['ACCESS_TOKEN', 'service_token', 'Authorization'], lambda: m.jwt(), 'cejydt'),
        'postgres_url': (['DATABASE_URL', 'db_url', 'DSN'], url(('postgres', 'postgresql', 'postgresql+psycopg2', 'postgresql+asyncpg'), 5432), 'cejydt'),
        'mysql_url': (['DATABASE_URL', 'MYSQL_URL'], url(('mysql', 'mysql+pymysql', 'mariadb'), 3306), 'cejydt'),
        'mongodb_url': (['MONGO_URI', 'MONGODB_URL'], url(('mongodb', 'mongodb+srv'), 27017), 'cejydt'),
        'redis_url': (['REDIS_URL', 'BROKER_URL'], lambda: '%s://%s:%s@%s:6379/0' % (pick('redis', 'rediss'), pick('', 'default'), m.url_password(), m.host()), 'cejydt'),
        'amqp_url': (['AMQP_URL', 'RABBIT_URL'], url(('amqp', 'amqps'), 5672), 'cejydt'),
        'https_url': (['ENDPOINT', 'REGISTRY_URL', 'index_url'], lambda: 'https://%s:%s@%s/%s' % (pick('deploy', 'ci-bot', 'reader'), m.url_password(), m.host(), pick('simple', 'repo.git', 'api/v2')), 'cejydt'),
        'generic_password': (['DB_PASSWORD', 'password', 'smtp_password', 'ADMIN_PASSWORD', 'redis_pass', 'pwd', 'passphrase', 'rootPassword'], m.password, 'cejyd'),
        'generic_hex': (['SECRET_KEY', 'SIGNING_KEY', 'encryption_key', 'webhook_secret', 'SESSION_SECRET', 'apiKey'], lambda: of(HEX, pick(32, 40, 48, 64)), 'cejyd'),
        'generic_base64': (['JWT_SECRET', 'ENCRYPTION_KEY', 'client_secret', 'masterKey', 'hmac_key', 'service_token'], lambda: base64.b64encode(m.r.randbytes(pick(24, 32, 48))).decode(), 'cejyd'),
        'generic_alnum': (['API_KEY', 'auth_token', 'access_token', 'INTERNAL_API_KEY', 'api_secret', 'x-api-key', 'refreshToken'], lambda: of(ALNUM, m.r.randrange(24, 48)), 'cejyd'),
        'basic_header': (['Authorization'], lambda: 'Basic ' + base64.b64encode(('svc-agent:' + of(ALNUM, 18)).encode()).decode(), 'cy'),
        'bearer_header': (['Authorization'], lambda: 'Bearer ' + of(URL64, 40), 'cy'),
        'k8s_secret': (None, None, 'k'),
    }


def negatives(m):
    """kind: (names, function); what no report may name."""
    of, pick = m.of, m.pick
    return {
        'doc_example': (['aws_access_key_id', 'AWS_SECRET_ACCESS_KEY', 'access_key'], lambda: pick('AKIA' + 'IOSFODNN7' + 'EXAMPLE', 'wJalrXUtnFEMI/K7' + 'MDENG/bPxRfiCY' + 'EXAMPLEKEY')),
        'doc_jwt': (['token', 'SAMPLE_JWT'], lambda: '.'.join(('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ', 'SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c'))),
        'bad_checksum': (['GITHUB_TOKEN', 'token', 'NPM_TOKEN'], lambda: m.crc(pick('gh' + 'p_', 'gh' + 's_', 'npm' + '_'), wrong=True)),
        'bad_jwt': (['token', 'id_token'], lambda: 'ey' + 'J' + of(URL64, 30) + '.ey' + 'J' + of(URL64, 60) + '.' + of(URL64, 43)),
        'uuid': (['client_id', 'api_key_id', 'tenant_id', 'key', 'request_token', 'SESSION_KEY', 'api_key'], m.uuid),
        'publishable': (['STRIPE_PUBLISHABLE_KEY', 'stripe_key', 'publicKey', 'key'], lambda: 'pk' + pick('_live', '_test') + '_' + of(ALNUM, pick(24, 99))),
        'placeholder': (['API_KEY', 'OPENAI_API_KEY', 'password', 'auth_token', 'SECRET_KEY'], lambda: pick('your-api-key-here', 'changeme', '<your-token>', '${OPENAI_API_KEY}', '{{ .Values.token }}',
                        'xxxxxxxxxxxxxxxxxxxxxxxx', 'sk-' + 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'sk-' + 'your-openai-key', 'REPLACE_ME', 'ghp' + '_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'insert-key-here', '********',
                        'sk-ant-' + 'api03-your-key-here', '%API_KEY%', '$API_KEY', 'TODO', 'dummy-secret', 'test', 'fake-token-for-tests', '<REDACTED>', 'secret', 'not-a-real-key', 'password123', '...')),
        'i18n': (['password', 'password_label', 'token_hint', 'enterPassword', 'secret'], lambda: pick('Enter your password', 'Passwort', 'Mot de passe oublié ?', 'Contraseña incorrecta', 'パスワードを入力', 'Your token has expired',
                 'Password must be at least 12 characters', 'Secret question', 'Access token', 'Geheimnis')),
        'local_url': (['DATABASE_URL', 'REDIS_URL', 'TEST_DSN'], lambda: pick('postgresql://postgres:postgres@localhost:5432/test', 'redis://:redis@127.0.0.1:6379/0', 'mongodb://root:example@localhost:27017',
                      'postgres://user:password@db.example.com/app', 'mysql+pymysql://root:root@127.0.0.1/app', 'amqp://guest:guest@rabbitmq:5672/', 'postgresql://app:app@db:5432/app',
                      'postgresql://user:${DB_PASSWORD}@db.prod.internal/app', 'https://user:<password>@registry.corp.net/simple', 'http://%s:%s@proxy.corp.net:3128', 'postgres://USER:PASSWORD@HOST:5432/DB')),
        'sha256': (['sha256', 'image_digest', 'checksum', 'content_hash', 'integrity'], lambda: of(HEX, 64)),
        'digest_ref': (['image', 'base_image'], lambda: 'registry.corp.net/agent@sha256:' + of(HEX, 64)),
        'commit': (['commit', 'git_sha', 'revision', 'rev'], lambda: of(HEX, 40)),
        'md5': (['md5', 'etag', 'cache_key', 'file_hash'], lambda: of(HEX, 32)),
        'sri': (['integrity'], lambda: 'sha512-' + base64.b64encode(m.r.randbytes(64)).decode()),
        'reference': (['secretRef', 'api_key', 'password', 'token_source'], lambda: pick('arn:aws:secretsmanager:eu-west-1:123456789012:secret:agents/openai-AbC123', 'projects/acme/secrets/openai-key/versions/3', 'vault:secret/data/agents#openai',
                      'op://prod/openai/credential', '/run/secrets/openai_key', 'env:OPENAI_API_KEY', 'https://vault.corp.net/v1/secret/data/agents', './secrets/token.txt')),
        'names': (['token_name', 'secret_name', 'key', 'api_key_header', 'token_type', 'password_field'], lambda: pick('openai-api-key-prod', 'X-Internal-Api-Key', 'access_token', 'agent_session_token', 'bearer', 'user_password_confirmation', 'service-account-token-v2')),
        'bcrypt': (['password_hash', 'password'], lambda: '$2b' + '$12$' + of(ALNUM + './', 53)),
        'public_key': (['public_key', 'ssh_key', 'authorized_key'], lambda: 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB' + of(B64, 200) + ' dev@acme'),
        'certificate': (['cert'], lambda: m.pem('CERTIFICATE').replace('\n', '\\n')),
        'broken_pem': (['key_template'], lambda: '-----BEGIN RSA PRIVATE ' + 'KEY-----\\n...\\n-----END RSA PRIVATE ' + 'KEY-----'),
        'image': (['icon', 'avatar', 'logo'], lambda: 'data:image/png;base64,iVBORw0KGgo' + of(B64, 400)),
        'numbers': (['max_tokens', 'token_limit', 'key_size', 'password_min_length'], lambda: of('123456789', 1) + of(string.digits, 9)),
        'expression': (['api_key', 'token', 'password'], lambda: pick('os.environ["OPENAI_API_KEY"]', 'settings.OPENAI_API_KEY', 'get_secret("openai")', 'self._token', 'config.auth.token2')),
        'model_token': (['pad_token', 'eos_token', 'special_token'], lambda: pick('<|endoftext|>', '<|im_start|>', '</s>', '[PAD]', '<unk>')),
        'sentry_dsn': (['SENTRY_DSN'], lambda: 'https://' + of(HEX, 32) + '@o' + of(string.digits, 6) + '.ingest.sentry.io/' + of(string.digits, 7)),
        'google_client': (['GOOGLE_CLIENT_ID'], lambda: of(string.digits, 12) + '-' + of(string.ascii_lowercase + string.digits, 32) + '.apps.googleusercontent.com'),
        'captcha_site': (['RECAPTCHA_SITE_KEY', 'siteKey'], lambda: '6L' + of(URL64, 38)),
        'version': (['api_version', 'token_version', 'key'], lambda: pick('2024-10-01-preview', 'v1beta1', '1.24.3-rc.1', 'gpt-4o-2024-08-06', 'claude-3-5-sonnet-20241022')),
        'timestamps': (['token_expires_at', 'key_created'], lambda: '2025-0%d-1%dT0%d:00:00Z' % (m.r.randrange(1, 9), m.r.randrange(9), m.r.randrange(9))),
    }


FILLER = '''
def step_%(n)d(state, client, limit=%(k)d):
    """Reads the next item of the queue and says what to do with it."""
    items = [item for item in state.get("items", []) if item.get("score", 0) > %(k)d]
    if not items:
        return {"status": "idle", "seen": len(state)}
    first = sorted(items, key=lambda item: item["score"])[0]
    reply = client.complete(model="gpt-4o-mini-2024-07-18", max_tokens=%(k)d, messages=[{"role": "user", "content": first["text"]}])
    return {"status": "done", "key": first["id"], "tokens": reply.usage.total_tokens}

'''


class Tree:
    def __init__(self, m, root):
        self.m, self.root = m, root
        self.files = {}
        self.secrets, self.negatives = [], []
        self.serial = 0

    def add(self, path, text):
        """Appends lines to a file; the line the text begins in."""
        lines = self.files.setdefault(path, [])
        lines.extend(text.split('\n'))
        return len(lines) - text.count('\n')

    def note(self, truth, path, line, kind, lines=1):
        truth.append({'path': path, 'line': line, 'end_line': line + lines - 1, 'kind': kind})

    def filler(self, path):
        self.serial += 1
        self.add(path, FILLER % {'n': self.serial, 'k': self.m.r.randrange(2, 900)})

    # --- one value at a place; returns path, line ---
    def place(self, agent, name, value, where):
        m, r = self.m, self.m.r
        ident = name.replace('-', '_').replace('.', '_')
        quoted = json.dumps(value)
        if where == 'c':
            form = r.randrange(12)
            path = agent + '/' + m.pick('agent.py', 'tools.py', 'src/client.py', 'config.py')
            if form < 3:
                return path, self.add(path, '%s = %s' % (ident, quoted))
            if form == 3:
                return path, self.add(path, "client = Client(base_url=URL, %s='%s', timeout=30)" % (ident.lower(), value))
            if form == 4:
                return path, self.add(path, 'headers = {"%s": %s, "accept": "application/json"}' % (name, quoted))
            if form == 5:
                return path, self.add(path, 'os.environ["%s"] = %s' % (name, quoted))
            if form == 6:
                return path, self.add(path, '%s = os.getenv("%s", %s)' % (ident.lower(), name, quoted))
            if form == 7:
                return path, self.add(path, '%s: str = %s' % (ident, quoted))
            if form == 8 and len(value) > 24 and ':' not in value:
                cut = r.randrange(8, len(value) - 8)
                return path, self.add(path, '%s = "%s" + "%s"' % (ident, value[:cut], value[cut:]))
            if form == 9:
                path = agent + '/' + m.pick('src/app.ts', 'web/index.js')
                return path, self.add(path, "const %s = '%s';" % (ident, value))
            if form == 10:
                path = agent + '/' + m.pick('src/app.ts', 'web/index.js')
                return path, self.add(path, 'export const cfg = { region: "eu", %s: %s };' % (ident, quoted))
            return path, self.add(path, '    # TODO remove: %s = "%s"' % (ident, value))
        if where == 'e':
            path = agent + '/' + m.pick('.env', '.env.production', 'deploy.sh')
            prefix = 'export ' if path.endswith('.sh') else ''
            return path, self.add(path, '%s%s=%s' % (prefix, ident.upper(), m.pick(value, '"%s"' % value) if '$' not in value and ' ' not in value else "'%s'" % value))
        if where == 'j':
            path = agent + '/' + m.pick('settings.json', 'config/app.json', 'mcp.json')
            self.serial += 1
            return path, self.add(path, '  "entry_%d": {"%s": %s, "enabled": true},' % (self.serial, name, quoted))
        if where == 'y':
            path = agent + '/' + m.pick('config.yaml', 'deploy/values.yml', 'docker-compose.yml')
            return path, self.add(path, m.pick('  %s: %s', '  %s: "%s"') % (name, value) if '"' not in value and '{' not in value and '%' not in value[:1] and '*' not in value[:1] and '!' not in value[:1] and '&' not in value[:1] and '#' not in value else '  %s: %s' % (name, quoted))
        if where == 'd':
            path = agent + '/Dockerfile'
            return path, self.add(path, m.pick('ENV %s=%s', 'ARG %s="%s"') % (ident.upper(), value) if ' ' not in value else 'ENV %s="%s"' % (ident.upper(), value))
        if where == 't':
            path = agent + '/' + m.pick('README.md', 'docs/notes.md', 'logs/run.log', 'main.tf')
            form = {'README.md': 'export %s=%s', 'docs/notes.md': 'The staging one is `%s`, value `%s`.', 'logs/run.log': '2026-01-04T10:00:01Z INFO configured %s=%s', 'main.tf': '  %s = "%s"'}[path[len(agent) + 1:]]
            return path, self.add(path, form % (ident, value))
        raise ValueError(where)

    def plant(self, agent, kind, row):
        m, r = self.m, self.m.r
        names, make, places = row
        if kind == 'aws_pair':
            path = agent + '/' + m.pick('aws.py', 'creds.ini')
            first, second = ('aws_access_key_id', 'aws_secret_access_key') if r.random() < .7 else ('ACCESS', 'SHARED')
            line = self.add(path, '%s = "%s"\n%s = "%s"' % (first, 'AK' + 'IA' + m.of(BASE32, 16), second, m.of(B64, 40)))
            return self.note(self.secrets, path, line, kind, 2)
        if kind == 'gcp_service_account':
            path = agent + '/sa-%s.json' % m.of(HEX, 6)
            body = {'type': 'service_account', 'project_id': 'acme-' + m.of(HEX, 4), 'private_key_id': m.of(HEX, 40), 'private_key': m.pem('PRIVATE ' + 'KEY') + '\n', 'client_email': 'agent@acme.iam.gserviceaccount.com'}
            self.add(path, json.dumps(body, indent=2))
            return self.note(self.secrets, path, 5, kind)
        if kind == 'k8s_secret':
            path = agent + '/deploy/secret-%s.yaml' % m.of(HEX, 6)
            encoded = base64.b64encode(m.pick(m.crc('gh' + 'p_'), m.of(ALNUM, 28), m.password() + 'x7', 'sk-' + 'proj-' + m.of(URL64, 60)).encode()).decode()
            line = self.add(path, 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: agent\ntype: Opaque\ndata:\n  username: YWRtaW4=\n  %s: %s' % (m.pick('api-key', 'password', 'token'), encoded)) + 7
            return self.note(self.secrets, path, line, kind)
        if places == 'p':
            path = agent + '/' + m.pick('certs/server.pem', 'keys.py', 'deploy/tls.yaml')
            text = make()
            if path.endswith('.py'):
                line = self.add(path, 'KEY = """' + text + '"""')
            elif path.endswith('.yaml'):
                line = self.add(path, 'tls:\n  key: |\n    ' + text.replace('\n', '\n    ')) + 2
            else:
                line = self.add(path, text)
            return self.note(self.secrets, path, line, kind, text.count('\n') + 1)
        where = r.choice(places)
        if r.random() < .06 and '"' not in make():
            path = agent + '/analysis-%s.ipynb' % m.of(HEX, 6)
            cell = {'cells': [{'cell_type': 'code', 'execution_count': 1, 'metadata': {}, 'outputs': [], 'source': ['import os\n', 'x = 1\n', '%s = "%s"\n' % (r.choice(names).replace('-', '_'), make())]}], 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}
            self.add(path, json.dumps(cell, indent=1))
            line = next(i for i, text in enumerate(self.files[path], 1) if ' = \\"' in text)
            return self.note(self.secrets, path, line, kind)
        path, line = self.place(agent, r.choice(names), make(), where)
        self.note(self.secrets, path, line, kind)

    def reject(self, agent, kind, row):
        names, make = row
        path, line = self.place(agent, self.m.r.choice(names), make(), self.m.r.choice('ccejyd' if kind != 'image' else 'cj'))
        self.note(self.negatives, path, line, kind)

    def write(self):
        for path, lines in self.files.items():
            full = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            text = '\n'.join(lines) + '\n'
            with open(full, 'wb') as out:
                out.write(text.encode('utf-16') if path.endswith('creds.ini') else text.encode())


def lock_file(m, count):
    packages = {'node_modules/pkg-%d' % i: {'version': '1.%d.0' % i, 'resolved': 'https://registry.corp.net/pkg-%d.tgz' % i, 'integrity': 'sha512-' + base64.b64encode(m.r.randbytes(64)).decode()} for i in range(count)}
    return json.dumps({'name': 'agent', 'lockfileVersion': 3, 'packages': packages}, indent=2)


def build(root, seed, agents=12, each=10, refused=9, filler=24, only=None):
    m = Make(seed)
    tree = Tree(m, root)
    names = ['agents/%s-%03d' % (m.pick('billing', 'triage', 'search', 'support', 'ops'), i) for i in range(agents)]
    for name in names:
        for path in ('agent.py', 'tools.py', 'src/client.py'):
            tree.add(name + '/' + path, 'import os\nfrom openai import OpenAI\n')
            for _ in range(filler // 3):
                tree.filler(name + '/' + path)
        tree.add(name + '/Dockerfile', 'FROM python:3.11-slim@sha256:' + m.of(HEX, 64))
        tree.add(name + '/package-lock.json', lock_file(m, 12))
    chosen = [(kind, row) for kind, row in sorted(kinds(m).items()) if not only or kind in only]
    work = [('s', kind, row) for kind, row in chosen for _ in range(each)] + [('n', kind, row) for kind, row in sorted(negatives(m).items()) for _ in range(refused)]
    m.r.shuffle(work)
    for what, kind, row in work:
        (tree.plant if what == 's' else tree.reject)(m.r.choice(names), kind, row)
    tree.write()
    return {'seed': seed, 'agents': names, 'secrets': tree.secrets, 'negatives': tree.negatives}


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folder')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--agents', type=int, default=12)
    parser.add_argument('--each', type=int, default=10)
    parser.add_argument('--filler', type=int, default=24)
    parser.add_argument('--kinds', default='')
    a = parser.parse_args()
    truth = build(a.folder, a.seed, a.agents, a.each, filler=a.filler, only=[k for k in a.kinds.split(',') if k])
    with open(a.folder.rstrip('/') + '.truth.json', 'w') as out:
        json.dump(truth, out, indent=1)
    print('%d secrets of %d kinds, %d negatives' % (len(truth['secrets']), len({s['kind'] for s in truth['secrets']}), len(truth['negatives'])))
