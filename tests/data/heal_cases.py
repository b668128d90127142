"""Files that 1-Click checks flag, for test_heal_catalogue.py: (check, {path in the agent: text}, None where the repair must be made, else a part of the reason
why it is Structural). Secrets are assembled here. Read by exec, beside the helpers of test_report.py."""
import base64, json as _json, random as _random, string as _string


def openai_key(seed=1):
    r = _random.Random(seed)
    letters = _string.ascii_letters + _string.digits
    return 'sk' + '-proj-' + ''.join(r.choice(letters) for _ in range(74)) + 'T3Blbk' + 'FJ' + ''.join(r.choice(letters) for _ in range(74))


TOKENS = [github_token(seed) for seed in range(100, 140)]
KEY, TOKEN = TOKENS[0], TOKENS[1]
PASSWORD = 'Vq7' + 'xR2mK9' + 'pL4tZ'
URL = 'postgresql://svc:%s@db.acme-corp.io:5432/orders' % PASSWORD


def has_secret(line):
    return any(t in line for t in TOKENS) or PASSWORD in line


def notebook(*cells, indent=1, one=False):
    def source(text):
        return text if one else text.splitlines(keepends=True)
    book = {'cells': [{'cell_type': 'code', 'execution_count': None, 'metadata': {}, 'outputs': [], 'source': source(c)} if not c.startswith('#md') else
                      {'cell_type': 'markdown', 'metadata': {}, 'source': source(c)} for c in cells],
            'metadata': {'kernelspec': {'display_name': 'Python 3', 'language': 'python', 'name': 'python3'}}, 'nbformat': 4, 'nbformat_minor': 5}
    return _json.dumps(book, indent=indent, ensure_ascii=False) + '\n'


OPENAI = 'from openai import OpenAI\nclient = OpenAI(timeout=3, max_retries=2)\n'
ASK = 'client.chat.completions.create(model="gpt-4o-2024-11-20", max_completion_tokens=5, messages=[])'
JS = 'import OpenAI from "openai";\n'
JSCLIENT = JS + 'const client = new OpenAI({ timeout: 1000, maxRetries: 2 });\n'

# Clients whose time-out is called otherwise: (import, constructor).
CLIENTS = {'from google import genai\nc = genai.Client()\n': 'genai.Client(http_options={"timeout": 30000})', 'from mistralai import Mistral\nc = Mistral()\n': 'Mistral(timeout_ms=30000)',
           'from langchain_ollama import ChatOllama\nc = ChatOllama(model="m")\n': 'ChatOllama(model="m", client_kwargs={"timeout": 30})', 'import groq\nc = groq.Groq()\n': 'groq.Groq(timeout=30)'}

# Files no agent owns: what locks of the tree settle on.
ELSEWHERE = {
    'zlocks/uv.lock': 'version = 1\n\n[[package]]\nname = "openai"\nversion = "1.99.1"\n\n[[package]]\nname = "mcp-server-git"\nversion = "2025.7.1"\n',
    'zlocks/package-lock.json': _json.dumps({'lockfileVersion': 3, 'packages': {'': {'dependencies': {'ai': '4.3.16', '@modelcontextprotocol/server-filesystem': '1'}},
                                             'node_modules/ai': {'version': '4.3.16'}, 'node_modules/@modelcontextprotocol/server-filesystem': {'version': '2025.8.21'}}}, indent=2),
    'node_modules/@acme/mcp-search/package.json': '{"name": "@acme/mcp-search", "version": "0.9.2"}',
}

CASES = [
    # --- secrets ---
    ('SEC001', {'agent.py': OPENAI + 'import os\nTOKEN = "%s"\n' % KEY}, None),
    ('SEC001', {'agent.py': '"""Doc."""\nfrom __future__ import annotations\n' + OPENAI + 'H = {"Authorization": "Bearer %s"}\n' % KEY}, None),
    ('SEC001', {'agent.py': OPENAI + "H = {'Authorization': 'token %s', 'b': f'x %s {client}'}\n" % (TOKENS[2], TOKENS[3])}, None),
    ('SEC001', {'agent.py': OPENAI + 'B = b"%s"\n' % TOKENS[4]}, None),
    ('SEC001', {'agent.py': OPENAI + 'H = "{x} %s".format(x=1)\n' % TOKENS[5]}, 'braces of its own'),
    ('SEC001', {'agent.py': OPENAI + 'def f():\n    """Uses %s."""\n' % TOKENS[6]}, 'documents'),
    ('SEC001', {'agent.mjs': JSCLIENT + 'export const token = "%s";\nexport const h = { Authorization: "Bearer %s" };\nexport const t = `a ${token} %s`;\n' % tuple(TOKENS[7:10])}, None),
    ('SEC001', {'agent.ts': JSCLIENT + 'export const token: string = "%s";\n' % TOKENS[10]}, None),
    ('SEC001', {'agent.py': OPENAI, 'docker-compose.yml': 'services:\n  agent:\n    image: acme/agent:1\n    environment:\n      GITHUB_TOKEN: "%s"\n      OTHER: x\n  b:\n    image: acme/b:1\n'
                '    environment:\n      - GH_TOKEN=%s\n' % (TOKENS[11], TOKENS[12])}, None),
    ('SEC001', {'agent.py': OPENAI, 'run.sh': '#!/bin/sh\nexport GITHUB_TOKEN=%s\ncurl -H "Authorization: Bearer %s" https://api.github.com/user\nT=\'%s\'\n' % tuple(TOKENS[13:16])}, None),
    ('SEC001', {'agent.py': OPENAI, 'run.sh': '#!/bin/sh\ncurl -H \'Authorization: Bearer %s\' https://api.github.com/user\n' % TOKENS[16]}, 'single quotes'),
    ('SEC001', {'agent.py': OPENAI, 'settings.toml': 'token = "%s"\n' % TOKENS[17]}, 'must learn to read the environment'),
    ('SEC001', {'agent.py': OPENAI, '.env': 'A=%s\n' % TOKENS[18]}, 'SEC008 keeps the file out of git'),
    ('SEC001', {'agent.py': OPENAI, 'x/.github/workflows/ci.yml': 'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n        env:\n          GH_TOKEN: %s\n' % TOKENS[19]}, None),
    ('SEC004', {'agent.py': OPENAI + 'DATABASE_URL = "%s"\n' % URL}, None),
    ('SEC004', {'agent.mjs': JSCLIENT + 'export const databaseUrl = "%s";\n' % URL}, None),
    ('SEC005', {'agent.py': OPENAI + 'db_password = "%s"\n' % PASSWORD}, None),
    ('SEC008', {'agent.py': OPENAI, '.env': '# local\nexport GITHUB_TOKEN=%s\nMODE=dev\n' % TOKENS[20]}, None),
    ('SEC011', {'agent.py': OPENAI, 'mcp.json': '{\n  "mcpServers": {\n    "gh": {\n      "command": "node",\n      "args": ["a.js"],\n      "env": {"GITHUB_TOKEN": "%s"}\n    }\n  }\n}\n' % TOKENS[21]}, None),
    ('SEC011', {'agent.py': OPENAI, '.vscode/mcp.json': '{"servers": {"gh": {"url": "https://x.acme.io/mcp", "headers": {"Authorization": "Bearer %s"}}}}\n' % TOKENS[22]}, None),
    ('SEC013', {'agent.py': 'import os\nimport requests\n' + OPENAI + 'api_key = os.environ["API_KEY"]\ndef f(q):\n    return requests.post(f"https://generativelanguage.googleapis.com/v1/x?alt=json&key={api_key}", '
                'json=q, timeout=5)\n'}, None),
    ('SEC013', {'agent.py': 'import os\nimport httpx\n' + OPENAI + 'access_token = os.getenv("ACCESS_TOKEN")\ndef f(q):\n    return httpx.get(f"https://api.acme.io/v1?access_token={access_token}&q=1", timeout=5)\n'}, None),
    ('SEC013', {'agent.py': 'import os\nimport requests\n' + OPENAI + 'api_key = os.environ["API_KEY"]\ndef f(q):\n    return requests.get(f"https://api.acme.io/v1?api_key={api_key}", timeout=5)\n'},
     'which header the other side takes'),
    ('SEC001', {'agent.py': OPENAI, 'x.py': ('A = "%s"\n' % TOKENS[23]).encode('utf-16')}, 'UTF-16'),
    # --- reliability ---
    ('REL001', {'agent.py': '#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n"""Doc."""\nfrom __future__ import annotations\nfrom openai import OpenAI\nimport tenacity as tn\nclient = OpenAI(timeout=3)\n\n\n'
                'class A:\n\tdef ask(self, q):\n\t\treturn %s\n' % ASK}, None),
    ('REL001', {'agent.mjs': JS + 'const client = new OpenAI({ timeout: 1000 });\nexport const f = async () => client.chat.completions.create({ model: "m", max_completion_tokens: 5, messages: [] });\n'}, None),
    ('REL001', {'agent.py': '\ufefffrom openai import OpenAI\nclient = OpenAI(timeout=3)\ndef ask(q):\n    return %s\n' % ASK}, None),
    ('REL001', {'agent.ipynb': notebook('#md text\n', '%pip install openai\nfrom openai import OpenAI\nclient = OpenAI(timeout=3)\n', 'def ask(q):\n    """Äsks "it"."""\n    return %s' % ASK)}, None),
    ('REL001', {'agent.ipynb': notebook('from openai import OpenAI\nclient = OpenAI(timeout=3)\ndef ask(q):\n    return %s\n' % ASK, indent=None, one=True)}, None),
    ('REL001', {'agent.py': 'from openai import OpenAI\nclient = OpenAI(timeout=3)\ndef ask(q, db):\n    r = %s\n    db.execute("INSERT", r)\n' % ASK}, 'would do again'),
    ('REL001', {'agent.py': 'from openai import OpenAI\nclient = OpenAI(timeout=3)\nreply = %s\n' % ASK}, 'stands in no function'),
    ('REL002', {'agent.mjs': JS + 'export const client = new OpenAI();\n'}, None),
    ('REL002', {'agent.mjs': JS + 'export const client = new OpenAI({\n  apiKey: process.env.K, // ours\n  maxRetries: 2,\n});\n'}, None),
    ('REL002', {'agent.mjs': 'import Anthropic from "@anthropic-ai/sdk";\nexport const client = new Anthropic({ maxRetries: 2 });\n'}, None),
    ('REL002', {'agent.py': 'from openai import OpenAI\nclient = OpenAI(\n    max_retries=2,  # why\n    # more\n)\n'}, None),
    ('REL002', {'agent.py': 'from openai import OpenAI\nclient = OpenAI(\n    max_retries=2  # why\n)\nother = OpenAI(**dict(max_retries=1))\n'}, None),
    ('REL003', {'agent.py': 'import backoff\nimport openai\n@backoff.on_exception(backoff.constant, Exception, max_tries=3)\ndef f():\n    pass\n'}, None),
    ('REL003', {'agent.py': 'import openai\nfrom retrying import retry\n@retry(wait_fixed=2000, stop_max_attempt_number=3)\ndef f():\n    pass\n'}, None),
    ('REL003', {'agent.py': 'import openai\nfrom tenacity import retry\n@retry\ndef f():\n    pass\n'}, None),
    ('REL003', {'agent.py': 'import time\nfrom openai import OpenAI\nclient = OpenAI(timeout=3)\ndef f(q):\n    for attempt in range(3):\n        try:\n            return %s\n        except Exception:\n'
                '            time.sleep(2)  # wait\n' % ASK}, None),
    ('REL003', {'agent.py': 'import time\nfrom openai import OpenAI\nclient = OpenAI(timeout=3)\ndef f(q):\n    while True:\n        try:\n            return %s\n        except Exception:\n'
                '            time.sleep(2)\n' % ASK}, 'counts no attempts'),
    ('REL005', {'agent.py': 'from langgraph.graph import StateGraph\ngraph = StateGraph(dict)\napp = graph.compile()\ndef f(q, c):\n    return app.invoke(q, c)\n'}, 'further arguments'),
    ('REL005', {'agent.mjs': 'import { Agent, run } from "@openai/agents";\nconst agent = new Agent({ name: "a" });\nexport const f = (q) => run(agent, q);\n'}, None),
    ('REL009', {'agent.py': 'import requests\nfrom openai import OpenAI\nasync def f(u):\n    a = requests.get(u, timeout=3).json()\n    return [a, *[requests.get(x, timeout=1) for x in a]]\n'}, None),
    ('REL009', {'agent.py': 'import requests\nfrom openai import OpenAI\nasync def f(us):\n    return list(requests.get(u, timeout=3) for u in us)\n'}, 'await cannot stand'),
    ('REL011', {'agent.py': 'from flask import Flask\nfrom openai import OpenAI\napp = Flask(__name__)\n@app.post("/ask")\ndef ask():\n\treturn {}\n'}, None),
    ('REL013', {'agent.py': 'import asyncio as aio\nfrom openai import AsyncOpenAI\nclient = AsyncOpenAI(timeout=3, max_retries=2)\nasync def f(qs):\n\treturn await aio.gather(*[client.chat.completions.create('
                'model="gpt-4o-2024-11-20", max_completion_tokens=4, messages=q) for q in qs])\n'}, None),
    # --- prompts, models, tools ---
    ('INJ002', {'agent.mjs': JSCLIENT + 'export const SYSTEM_PROMPT = `You are a helpful agent for the invoices of our shop.`;\n'}, None),
    ('INJ002', {'agent.py': OPENAI, 'prompts/system.md': 'You are a helpful agent for the invoices of our shop.'}, None),
    ('INJ007', {'agent.py': 'import openai\nfrom yaml import load, Loader\ndef f(t):\n    return load(t, Loader=Loader)\n'}, None),
    ('AGY003', {'agent.py': OPENAI, 'mcp.json': '{\n  "mcpServers": {\n    "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem@latest", "/data"]},\n'
                '    "git": {"args": ["mcp-server-git"], "command": "uvx"},\n    "s": {"command": "npx", "args": ["-y", "@acme/mcp-search"]}\n  }\n}\n'}, None),
    ('AGY003', {'agent.py': OPENAI, 'mcp.json': '{"mcpServers": {"x": {"command": "npx", "args": ["-y", "@acme/unknown-server"]}}}\n'}, 'no index that was asked'),
    ('AGY003', {'agent.py': 'import openai\nfrom agents.mcp import MCPServerStdio\ns = MCPServerStdio(params={"command": "uvx", "args": ["--from", "mcp-server-git", "git"]})\n'}, None),
    ('AGY003', {'agent.mjs': 'import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";\nimport OpenAI from "openai";\nexport const t = new StdioClientTransport({ command: "npx", '
                'args: ["-y", "@acme/mcp-search"] });\n'}, None),
    ('AGY008', {'agent.py': OPENAI, 'config/agents.yaml': 'writer:\n  role: w\n  allow_delegation: true\n'}, None),
    ('AGY010', {'agent.py': OPENAI, 'Dockerfile': 'FROM python:3.12-slim\nUSER 10001\nCMD ["claude", "--dangerously-skip-permissions", "-p", "x"]\n'}, None),
    ('AGY010', {'agent.py': OPENAI, 'run.sh': '#!/bin/sh\nclaude --dangerously-skip-permissions \\\n  -p x\n'}, None),
    ('AGY010', {'agent.py': OPENAI, 'mcp.json': '{"mcpServers": {"x": {"command": "node", "args": ["a"], "alwaysAllow": ["*"]}}}\n'}, None),
    ('AGY010', {'agent.py': 'import openai\noptions = dict(permission_mode="bypassPermissions")\n'}, None),
    ('AGY012', {'agent.py': 'import openai\nfrom langchain_core.tools import tool\n@tool\ndef look_up(limit=10, name="x"):\n    # first\n    return limit\n'}, None),
    ('PRV003', {'agent.mjs': JSCLIENT + 'import express from "express";\nconst app = express();\nexport async function ask(prompt) {\n  logger.info(prompt);\n}\napp.listen(3000);\n'}, None),
    ('PRV003', {'agent.py': 'from fastapi import FastAPI\n' + OPENAI + 'app = FastAPI()\n@app.get("/health")\ndef health():\n    return 1\ndef ask(prompt):\n    print("got", prompt, sep=": ", flush=True)\n'}, None),
    ('PRV004', {'agent.py': OPENAI + 'import os\nos.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true"\n'}, None),
    ('PRV004', {'agent.py': OPENAI, 'deploy.yaml': 'a:\n  TRACELOOP_TRACE_CONTENT: "true"\n'}, None),
    ('PRV007', {'agent.py': 'from anthropic import AnthropicVertex\nc = AnthropicVertex(project_id="p", timeout=3)\n', 'cockpit.yaml': 'owner: x\nregions: [europe-west4]\n'}, None),
    ('COST001', {'agent.mjs': JSCLIENT + 'export const f = (q) => client.chat.completions.create({\n  model: "gpt-4o-2024-11-20",\n  messages: q,\n});\n'}, None),
    ('COST001', {'agent.py': 'from google import genai\nc = genai.Client(http_options={"timeout": 3})\ndef f(q):\n    return c.models.generate_content(model="gemini-2.5-flash", contents=q)\n'}, None),
    ('COST001', {'agent.py': 'from langchain_openai import ChatOpenAI\nllm = ChatOpenAI(model="gpt-4o-2024-11-20", timeout=3, max_retries=2)\ndef f(q):\n    return llm.invoke(q)\n'}, None),
    ('COST003', {'agent.py': OPENAI + 'def classify(q):\n    return client.chat.completions.create(model="claude-opus-4-1-20250805", max_tokens=4, messages=q)\n'}, None),
    ('MOD004', {'agent.py': OPENAI, 'model.yaml': 'model_args:\n  trust_remote_code: true\n'}, None),
    ('MOD006', {'agent.py': 'import openai\nfrom transformers import AutoModel\na = AutoModel.from_pretrained("org/bert-base")\nb = AutoModel.from_pretrained("org/gpt2")\n'}, None),
    # --- network ---
    ('NET001', {'agent.mjs': JS + 'import https from "node:https";\nexport const a = new https.Agent({ rejectUnauthorized: false });\nexport const b = new https.Agent({\n  keepAlive: true,\n  rejectUnauthorized: false,\n});\n'}, None),
    ('NET001', {'agent.mjs': JS + 'process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";\n', 'deploy.sh': '#!/bin/sh\nexport NODE_TLS_REJECT_UNAUTHORIZED=0\n'}, None),
    ('NET001', {'agent.py': 'import ssl\nimport requests\nimport openai\nc = ssl.create_default_context()\nc.check_hostname = False\nc.verify_mode = ssl.CERT_NONE\ns = requests.Session()\ns.verify = False\n'
                'd = ssl._create_unverified_context()\n'}, None),
    ('NET001', {'agent.py': 'import requests\nimport openai\ndef f(u):\n    return requests.get(\n        u,  # where\n        verify=False,  # for now\n        timeout=3,\n    )\n'}, None),
    ('NET003', {'agent.mjs': JS + 'import cors from "cors";\nimport express from "express";\nconst app = express();\napp.use(cors({ origin: "*", credentials: true }));\n'}, None),
    ('NET003', {'agent.py': 'import openai\nfrom flask import Flask\nfrom flask_cors import CORS\napp = Flask(__name__)\nCORS(app, origins="*", supports_credentials=True)\n'}, None),
    ('NET004', {'agent.py': OPENAI, 'Dockerfile': 'FROM python:3.12-slim\nUSER 10001\nCMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--reload"]\n'}, None),
    ('NET004', {'agent.py': OPENAI, 'run.sh': '#!/bin/sh\nexec uvicorn app:app --reload --host 0.0.0.0\n'}, None),
    # --- images, clusters ---
    ('IAC003', {'agent.py': OPENAI, 'Dockerfile': 'FROM python:3.12-slim AS build\nRUN make\nFROM python:3.12-slim\r\nCOPY --from=build /a /a\r\nENTRYPOINT ["a"]\r\n'}, None),
    ('IAC004', {'agent.py': OPENAI, 'docker-compose.yml': 'services:\n  agent:\n    image: acme/agent:1\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock:ro\n      - data:/data\n  other:\n    image: acme/b:2\n'
                '    volumes:\n      - /:/host\n    ports: ["80:80"]\n'}, None),
    ('IAC004', {'agent.py': OPENAI, 'k8s.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: c\n      image: acme/c:1\n      resources: {limits: {cpu: 1, memory: 1Gi}}\n'
                '      volumeMounts:\n        - name: sock\n          mountPath: /s\n        - name: data\n          mountPath: /d\n  volumes:\n    - name: sock\n      hostPath:\n        path: /var/run/docker.sock\n'
                '    - name: data\n      emptyDir: {}\n'}, None),
    ('IAC004', {'agent.py': OPENAI, 'main.tf': 'resource "kubernetes_pod" "a" {\n  spec {\n    container {\n      security_context {\n        privileged = true\n      }\n    }\n  }\n}\n'}, None),
    ('IAC006', {'agent.py': OPENAI, 'k8s.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: acme/c:1\n      - image: acme/d:1\n'
                '        name: d\n        ports:\n        - containerPort: 80'}, None),
    ('IAC006', {'agent.py': OPENAI, 'main.tf': 'resource "google_cloud_run_v2_service" "a" {\n  name = "a"\n  template {\n    scaling {\n      max_instance_count = 3\n    }\n    containers {\n      image = "x"\n    }\n  }\n}\n'}, None),
    ('IAC007', {'agent.py': OPENAI, 'Dockerfile': 'FROM acme/base\nUSER 10001\n'}, 'for a person to say'),
    ('IAC008', {'agent.py': OPENAI, 'hpa.yaml': 'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: a\nspec:\n  minReplicas: 1\n'}, None),
    ('IAC008', {'agent.py': OPENAI, 'svc.yaml': 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  template:\n    spec:\n      containers:\n        - image: acme/c:1\n'}, None),
    ('IAC008', {'agent.py': OPENAI, 'main.tf': 'resource "google_cloud_run_v2_service" "a" {\n  template {\n    containers {\n      image = "x"\n      resources {\n        limits = { cpu = "1" }\n      }\n    }\n  }\n}\n'
                'resource "aws_appautoscaling_target" "t" {\n  min_capacity = 1\n}\n'}, None),
    # --- supply, logs, retrieval, owners ---
    ('SUP001', {'agent.py': OPENAI, 'requirements.txt': 'requests==2.32.0\nopenai\n'}, None),
    ('SUP001', {'agent.py': OPENAI, 'requirements.txt': 'langgraph\n'}, 'no lock file of this tree'),
    ('OBS003', {'agent.py': 'import sys\nfrom fastapi import FastAPI\n' + OPENAI + 'app = FastAPI()\n@app.get("/health")\ndef health():\n    print()\n    print("a", 1, sep="-")\n    print(f"x {1}", file=sys.stderr)\n'
                '    print("100% sure", end="\\n\\n", flush=True)\n    return 1\n'}, None),
    ('OBS003', {'agent.py': 'from fastapi import FastAPI\n' + OPENAI + 'app = FastAPI()\n@app.get("/health")\ndef health():\n    print(".", end="")\n'}, 'parts of a line'),
    ('RAG005', {'agent.py': 'import openai\nfrom langchain_chroma import Chroma\nstore = Chroma()\nasync def f(q, t):\n    return (await store.asimilarity_search(q, k=4, filter=t))[0]\n'}, None),
    ('GOV001', {'agent.py': OPENAI}, None),
]
